// Name, phone and class, as the city has them, and how they are changed.

import { handleSubmit } from "../form/actions.js";
import { prepareLoadedPart } from "../lib/collapsible.js";
import { findInput, findSelect } from "../lib/element.js";
import { changeOwn, hasValues, readOwn } from "../lib/resident_api.js";
import { classes, joinWords, problemWords } from "../lib/words.js";

/** @typedef {{name: string, phone: string, class: string}} PersonalDetails */

/** As the city has them; until that is known, as the form is at first. @type {PersonalDetails} */
let stored = { name: "", phone: "", class: "permanent" };

/** @returns {PersonalDetails} */
function readForm() {
  return {
    name: findInput("name").value.trim(),
    phone: findInput("phone").value.trim(),
    class: findSelect("class").value,
  };
}

/** Fills a field that nobody has typed in.
 * @param {HTMLInputElement | HTMLSelectElement} field @param {string} before @param {string} now */
function fill(field, before, now) {
  if (field.value === before) {
    field.value = now;
  }
}

/** @param {PersonalDetails} now */
function show({ name, phone, class: kind }) {
  fill(findInput("name"), stored.name, name);
  fill(findInput("phone"), stored.phone, phone);
  fill(findSelect("class"), stored.class, kind);
  stored = { name, phone, class: kind };
}

/** What was entered otherwise than the city has it: some cities let residents change something once a day. */
function readChanges() {
  const changed = Object.entries(readForm()).filter(([name, value]) => !hasValues(stored, { [name]: value }));
  return Object.fromEntries(changed);
}

/** The city's answer if it has things as they were to be changed, as after a try whose answer was lost.
 * @param {Record<string, unknown>} changed @param {() => void} retrying */
async function findIfChanged(changed, retrying) {
  const now = await readOwn("", retrying);
  return hasValues(now.body, changed) ? now : null;
}

/** @param {() => void} retrying @returns {Promise<import("../lib/words.js").Words>} */
async function change(retrying) {
  const changed = readChanges();
  if (Object.keys(changed).length === 0) {
    return ["没有改动", "Nothing is changed"];
  }
  const recover = () => findIfChanged(changed, retrying);
  const told = await changeOwn("PATCH", "", changed, retrying, recover);
  // A browser may have sent it twice by itself, and the first one was the day's.
  const answer = told.body.code === "edit-quota" ? ((await recover()) ?? told) : told;
  if (answer.status !== 200) {
    return problemWords(answer);
  }
  show(answer.body);
  return ["已修改", "Changed"];
}

/** Makes the part work. */
export function preparePersonalDetails() {
  const options = Object.entries(classes).map(([name, words]) => new Option(joinWords(words), name));
  findSelect("class").replaceChildren(...options);
  prepareLoadedPart("particulars", (retrying) => readOwn("", retrying), show);
  handleSubmit("particulars-form", change);
}
