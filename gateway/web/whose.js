// Whom something is for: oneself, or one of the family. Codes can be shown of those whose keys this phone keeps,
// reports be given for all whom the server names.

import { select } from "./element.js";
import { keptFamily, nameFamily } from "./registration.js";

/** @typedef {{person: string, name: string}} Named */

/** The family as the server named it last. @type {Named[]} */
let named = [];

/** Offers oneself, whose value is empty, and these; asks nobody who has no choice.
 * @param {string} id @param {Named[]} family */
function offer(id, family) {
  const choice = select(id);
  const chosen = choice.value;
  const options = family.map(({ person, name }) => new Option(name, person, false, person === chosen));
  choice.replaceChildren(new Option("本人 Myself", ""), ...options);
  choice.hidden = family.length === 0;
  for (const label of choice.labels) {
    label.hidden = choice.hidden;
  }
}

/** Offers the family as it is known. */
export function offerFamily() {
  const kept = keptFamily();
  const others = named.filter(({ person }) => kept.every((one) => one.person !== person));
  offer("whose", kept);
  offer("reported", [...kept, ...others]);
}

/** Takes down whom the server names. @param {Named[]} family */
export function learnFamily(family) {
  named = family;
  nameFamily(family);
  offerFamily();
}
