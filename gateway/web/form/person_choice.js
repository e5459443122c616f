// Whom something is for: oneself, or one of the family. Codes can be shown of those whose keys this phone keeps,
// reports be given and tests be booked for all whom the server names.

import { findElement, findSelect, setOptions } from "../lib/element.js";
import { readOwn } from "../lib/resident_api.js";
import { readFamily, renameFamily } from "../lib/stored_registration.js";

/** @typedef {{person: string, name: string}} NamedPerson */

/** The family as the server named it last. @type {NamedPerson[]} */
let named = [];

/** Offers oneself, whose value is empty, and these; asks nobody who has no choice.
 * @param {string} id @param {NamedPerson[]} family */
function updateChoice(id, family) {
  const before = findSelect(id).value;
  const options = family.map(({ person, name }) => new Option(name, person));
  const choice = setOptions(id, [new Option("本人 Myself", ""), ...options]);
  choice.hidden = family.length === 0;
  for (const label of choice.labels) {
    label.hidden = choice.hidden;
  }
  if (choice.value !== before) {
    // Whoever was chosen is gone, and oneself is, as if one had chosen so.
    choice.dispatchEvent(new Event("change"));
  }
}

/** Offers the family as it is known. */
export function updateFamilyChoices() {
  const kept = readFamily();
  const others = named.filter(({ person }) => kept.every((one) => one.person !== person));
  updateChoice("whose", kept);
  for (const id of ["reported", "booked"]) {
    updateChoice(id, [...kept, ...others]);
  }
}

/** Takes down whom the server names. @param {NamedPerson[]} family */
export function setNamedFamily(family) {
  named = family;
  renameFamily(family);
  updateFamilyChoices();
}

async function loadFamily() {
  const answer = await readOwn("/dependants", () => {});
  if (answer.status === 200) {
    setNamedFamily(answer.body.dependants);
  }
}

/** Has the family named when a part is first opened. What it shows does not wait for that. @param {string} id */
export function loadFamilyWhenOpened(id) {
  findElement(id).addEventListener("toggle", () => void loadFamily(), { once: true });
}

/** Where something is of whom a choice says. @param {string} id @param {string} path One's own. */
export function pathOfChosenPerson(id, path) {
  const person = findSelect(id).value;
  return person === "" ? path : `/dependants/${person}${path}`;
}
