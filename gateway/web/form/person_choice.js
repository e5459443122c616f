// Whom something is for: oneself, or one of the family. Codes can be shown of those whose keys this phone keeps,
// reports be given and tests be booked for all whom the server names.

import { element, offer, select } from "../lib/element.js";
import { read } from "../lib/resident_api.js";
import { keptFamily, nameFamily } from "../lib/stored_registration.js";

/** @typedef {{person: string, name: string}} Named */

/** The family as the server named it last. @type {Named[]} */
let named = [];

/** Offers oneself, whose value is empty, and these; asks nobody who has no choice.
 * @param {string} id @param {Named[]} family */
function offerOneOf(id, family) {
  const before = select(id).value;
  const options = family.map(({ person, name }) => new Option(name, person));
  const choice = offer(id, [new Option("本人 Myself", ""), ...options]);
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
export function offerFamily() {
  const kept = keptFamily();
  const others = named.filter(({ person }) => kept.every((one) => one.person !== person));
  offerOneOf("whose", kept);
  for (const id of ["reported", "booked"]) {
    offerOneOf(id, [...kept, ...others]);
  }
}

/** Takes down whom the server names. @param {Named[]} family */
export function learnFamily(family) {
  named = family;
  nameFamily(family);
  offerFamily();
}

async function askFamily() {
  const answer = await read("/dependants", () => {});
  if (answer.status === 200) {
    learnFamily(answer.body.dependants);
  }
}

/** Has the family named when a part is first opened. What it shows does not wait for that. @param {string} id */
export function nameWhenOpened(id) {
  element(id).addEventListener("toggle", () => void askFamily(), { once: true });
}

/** Where something is of whom a choice says. @param {string} id @param {string} path One's own. */
export function pathFor(id, path) {
  const person = select(id).value;
  return person === "" ? path : `/dependants/${person}${path}`;
}
