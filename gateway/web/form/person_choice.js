// The choice of a person on a form: the resident, or a member of the family. Codes can be shown for
// dependants whose keys this phone stores. Reports and bookings can be made for every dependant on the
// server's list.

import { findElement, findSelect, setOptions } from "../lib/element.js";
import { readOwn } from "../lib/resident_api.js";
import { readFamily, renameFamily } from "../lib/registration/stored_registration.js";
import { forms, joinWords } from "../lib/words.js";

/** @typedef {{person: string, name: string}} NamedPerson */

/** The dependants on the server's latest list. @type {NamedPerson[]} */
let named = [];

/** Offers the resident, whose value is empty, and these dependants. Hides the choice if there are no
 * dependants.
 * @param {string} id @param {NamedPerson[]} family */
function updateChoice(id, family) {
  const before = findSelect(id).value;
  const options = family.map(({ person, name }) => new Option(name, person));
  const choice = setOptions(id, [new Option(joinWords(forms.myself), ""), ...options]);
  choice.hidden = family.length === 0;
  for (const label of choice.labels) {
    label.hidden = choice.hidden;
  }
  if (choice.value !== before) {
    // The chosen dependant is gone and the selection fell back to the resident: report it as a choice.
    choice.dispatchEvent(new Event("change"));
  }
}

/** Updates all choices to the family as now known. */
export function updateFamilyChoices() {
  const kept = readFamily();
  const others = named.filter(({ person }) => kept.every((one) => one.person !== person));
  updateChoice("whose", kept);
  for (const id of ["reported", "booked", "arriving"]) {
    updateChoice(id, [...kept, ...others]);
  }
}

/** Stores the server's list of dependants. @param {NamedPerson[]} family */
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

/** Loads the dependants when a part is first opened. The part itself does not wait for them.
 * @param {string} id */
export function loadFamilyWhenOpened(id) {
  findElement(id).addEventListener("toggle", () => void loadFamily(), { once: true });
}

/** The path of a resource of the chosen person.
 * @param {string} id @param {string} path The resident's own path. */
export function pathOfChosenPerson(id, path) {
  const person = findSelect(id).value;
  return person === "" ? path : `/dependants/${person}${path}`;
}
