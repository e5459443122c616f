// The dependants for whom the resident acts: lists, adds and removes them, and shows their colours. The phone
// also stores a dependant's key, so it can show the dependant's code.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { setNamedFamily, updateFamilyChoices } from "../form/person_choice.js";
import { prepareLoadedPart } from "./collapsible.js";
import { makeColourMark } from "../lib/colour.js";
import {
  findElement,
  findInput,
  findSelect,
  makeDefinitions,
  makeElement,
  makeWords,
  showList,
} from "../lib/element.js";
import { checkKey, isEnded } from "../lib/registration/key_moves.js";
import { changeOwn, readOwn } from "../lib/resident_api.js";
import { deleteDependant, readFamily, saveDependant } from "../lib/registration/stored_registration.js";
import { documents, joinWords, labels, problemWords, resident, status } from "../lib/words.js";
import { makeReasonItem } from "./reason_item.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("./collapsible.js").Reload} Reload */
/** @typedef {{person: string, name: string}} NamedPerson */

/** Adds a dependant, and stores the key on this phone. Idempotent.
 * @param {Record<string, unknown>} whom @param {string} name @param {() => void} retrying
 * @returns {Promise<Words>} */
async function addDependant(whom, name, retrying) {
  const answer = await changeOwn("POST", "/dependants", whom, retrying);
  if (answer.status !== 200) {
    return problemWords(answer);
  }
  saveDependant({ ...answer.body, name });
  updateFamilyChoices();
  return resident.dependantAdded;
}

/** Allows a person to add the resident as a dependant. @param {string} person @param {() => void} retrying
 * @returns {Promise<Words>} */
async function addGuardian(person, retrying) {
  const answer = await changeOwn("POST", "/guardians", { person }, retrying);
  return answer.status === 204
    ? resident.guardianAllowed
    : problemWords(answer);
}

/** A button that shows a dependant's colour below it. @param {NamedPerson} named */
function makeColourButton({ person }) {
  const place = makeElement("div");
  const button = makeActionButton(resident.showColour, async (retrying) => {
    const answer = await readOwn(`/dependants/${person}`, retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    const { colour, reasons } = answer.body;
    place.replaceChildren(makeColourMark(colour), makeElement("ul", ...reasons.map(makeReasonItem)));
    return resident.upToDate;
  });
  return makeElement("div", button, place);
}

/** A button that fetches a dependant's key. The dependant was added with another phone, or the stored key has
 * ended.
 * @param {NamedPerson} named @param {Reload} load */
function makeFetchKeyButton({ person, name }, load) {
  return makeActionButton(resident.showHere, async (retrying) => {
    const words = await addDependant({ person }, name, retrying);
    await load(words);
    return words;
  });
}

/** @param {NamedPerson} named @param {Reload} load */
function makeRemoveButton({ person }, load) {
  return makeActionButton(resident.removeDependant, async (retrying) => {
    const answer = await changeOwn("DELETE", `/dependants/${person}`, undefined, retrying);
    // A try that got no answer may have done it.
    if (answer.status !== 204 && answer.status !== 404) {
      return problemWords(answer);
    }
    deleteDependant(person);
    updateFamilyChoices();
    await load(resident.done);
    return resident.done;
  });
}

/** @param {NamedPerson} named @param {Reload} load */
function formatDependant(named, load) {
  const kept = readFamily().find(({ person }) => person === named.person);
  const hasEnded = kept !== undefined && isEnded(kept);
  return [
    makeElement("strong", named.name),
    makeDefinitions([[labels.person, named.person]]),
    makeColourButton(named),
    ...(hasEnded ? [makeElement("p", makeWords(status.keyEnded))] : []),
    ...(kept === undefined || hasEnded ? [makeFetchKeyButton(named, load)] : []),
    makeRemoveButton(named, load),
  ];
}

/** Reads the list, and finds out which of the stored keys have ended. @param {() => void} retrying */
async function readList(retrying) {
  const [answer] = await Promise.all([readOwn("/dependants", retrying), ...readFamily().map(checkKey)]);
  return answer;
}

function updateDocuments() {
  const options = Object.entries(documents).map(([type, words]) => new Option(joinWords(words), type));
  findSelect("dependant-document").replaceChildren(...options);
}

/** Prepares this part of the page.
 * @param {string} own The resident's own id, which a guardian enters on another phone. */
export function prepareFamily(own) {
  updateDocuments();
  findElement("own-person").textContent = own;
  const load = prepareLoadedPart("family", readList, ({ dependants }) => {
    setNamedFamily(dependants);
    showList("family-list", dependants.map((/** @type {NamedPerson} */ named) => formatDependant(named, load)));
  });
  handleSubmit("dependant-form", async (retrying) => {
    const name = findInput("dependant-name").value.trim();
    const number = findInput("dependant-number").value.trim();
    const document = { type: findSelect("dependant-document").value, number };
    const words = await addDependant({ name, document }, name, retrying);
    void load();
    return words;
  });
  handleSubmit("person-form", async (retrying) => {
    const person = findInput("dependant-person").value.trim().toLowerCase();
    // The list, which is loaded next, contains the name.
    const words = await addDependant({ person }, person, retrying);
    void load();
    return words;
  });
  handleSubmit("guardian-form", (retrying) => {
    return addGuardian(findInput("guardian-person").value.trim().toLowerCase(), retrying);
  });
}
