// The family: for whom one acts, how they stand, and who comes and goes. The key of a dependant is given to this phone,
// so that it shows their code, too.

import { action, prepareForm } from "../form/actions.js";
import { learnFamily, offerFamily } from "../form/person_choice.js";
import { preparePart } from "../lib/collapsible.js";
import { colourMark } from "../lib/colour.js";
import { element, input, list, make, select, terms } from "../lib/element.js";
import { act, read } from "../lib/resident_api.js";
import { forgetDependant, keepDependant, keptFamily } from "../lib/stored_registration.js";
import { both, documents, labels, problemOf } from "../lib/words.js";
import { reasonItem } from "./reason_item.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("../lib/collapsible.js").Load} Load */
/** @typedef {{person: string, name: string}} Named */

/** Takes a dependant, and keeps the key on this phone. Taken twice is taken once.
 * @param {Record<string, unknown>} whom @param {string} name @param {() => void} retrying @returns {Promise<Words>} */
async function take(whom, name, retrying) {
  const answer = await act("POST", "/dependants", whom, retrying);
  if (answer.status !== 200) {
    return problemOf(answer);
  }
  keepDependant({ ...answer.body, name });
  offerFamily();
  return ["已添加，可在页面上方选择亮码", "Added: choose whose code is shown at the top of this page"];
}

/** Lets somebody take the resident as a dependant. @param {string} person @param {() => void} retrying
 * @returns {Promise<Words>} */
async function allow(person, retrying) {
  const answer = await act("POST", "/guardians", { person }, retrying);
  return answer.status === 204
    ? ["已允许，对方现在可以用您的人员编号添加您", "Allowed: they can add you by your person id now"]
    : problemOf(answer);
}

/** A button that shows a dependant's colour below it. @param {Named} named */
function viewing({ person }) {
  const place = make("div");
  const button = action(["查看颜色", "See the colour"], async (retrying) => {
    const answer = await read(`/dependants/${person}`, retrying);
    if (answer.status !== 200) {
      return problemOf(answer);
    }
    const { colour, reasons } = answer.body;
    place.replaceChildren(colourMark(colour), make("ul", ...reasons.map(reasonItem)));
    return ["已更新", "Up to date"];
  });
  return make("div", button, place);
}

/** A button that gets a dependant's key, for who took them with another phone.
 * @param {Named} named @param {Load} load */
function fetching({ person, name }, load) {
  return action(["在本机亮码", "Show their code on this phone"], async (retrying) => {
    const words = await take({ person }, name, retrying);
    await load(words);
    return words;
  });
}

/** @param {Named} named @param {Load} load */
function leaving({ person }, load) {
  return action(["解除代办", "Stop acting for them"], async (retrying) => {
    const answer = await act("DELETE", `/dependants/${person}`, undefined, retrying);
    // A try that got no answer may have done it.
    if (answer.status !== 204 && answer.status !== 404) {
      return problemOf(answer);
    }
    forgetDependant(person);
    offerFamily();
    await load(["已解除", "Done"]);
    return ["已解除", "Done"];
  });
}

/** @param {Named} named @param {Load} load */
function entry(named, load) {
  const isKept = keptFamily().some(({ person }) => person === named.person);
  return [
    make("strong", named.name),
    terms([[labels.person, named.person]]),
    viewing(named),
    ...(isKept ? [] : [fetching(named, load)]),
    leaving(named, load),
  ];
}

function offerDocuments() {
  const options = Object.entries(documents).map(([type, words]) => new Option(both(words), type));
  select("dependant-document").replaceChildren(...options);
}

/** Makes the part work. @param {string} own One's own id, which a guardian's phone needs. */
export function prepareFamily(own) {
  offerDocuments();
  element("own-person").textContent = own;
  const load = preparePart(
    "family",
    (retrying) => read("/dependants", retrying),
    ({ dependants }) => {
      learnFamily(dependants);
      list("family-list", dependants.map((/** @type {Named} */ named) => entry(named, load)));
    },
  );
  prepareForm("dependant-form", async (retrying) => {
    const name = input("dependant-name").value.trim();
    const document = { type: select("dependant-document").value, number: input("dependant-number").value.trim() };
    const words = await take({ name, document }, name, retrying);
    void load();
    return words;
  });
  prepareForm("person-form", async (retrying) => {
    const person = input("dependant-person").value.trim().toLowerCase();
    // The list, which is loaded next, has the name.
    const words = await take({ person }, person, retrying);
    void load();
    return words;
  });
  prepareForm("guardian-form", (retrying) => allow(input("guardian-person").value.trim().toLowerCase(), retrying));
}
