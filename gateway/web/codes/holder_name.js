// The holder's name beside a code. It is masked as staff at a door see it, who compare it with a document.
// This phone stores the masked name of its holder, and never the whole one.

import { sendOnce } from "../lib/http.js";
import { authorizationOf } from "../lib/resident_api.js";
import { readRegistration, saveMaskedName } from "../lib/registration/stored_registration.js";

/** @typedef {import("../lib/registration/stored_registration.js").Dependant} Dependant */
/** @typedef {import("../lib/registration/stored_registration.js").OwnRegistration} OwnRegistration */

/** The gateway counts no more hidden characters. */
const HIDDEN_MAX = 15;

/** The first and the last character of a name, and an asterisk for each other one. A name of two characters
 * shows the first one alone: 欧*修, 王*.
 * @param {string} name */
export function maskName(name) {
  const [first = "", ...hidden] = name.trim();
  const last = hidden.length > 1 ? hidden.pop() : "";
  return `${first}${"*".repeat(Math.min(hidden.length, HIDDEN_MAX))}${last}`;
}

/** The masked name of a stored person, or an empty text. @param {OwnRegistration | Dependant} stored */
export function maskedNameOf(stored) {
  return "name" in stored ? maskName(stored.name) : (stored.maskedName ?? "");
}

/** Stores the masked name of this phone's holder, where a sheet's code or an earlier version stored none. A
 * failure is silent: a later call tries again. */
export async function learnHolderName() {
  const own = readRegistration();
  if (own === null || own.maskedName !== undefined) {
    return;
  }
  const answer = await sendOnce("/v1/people/me", undefined, { authorization: await authorizationOf(own) });
  if (answer?.status === 200) {
    saveMaskedName(own.person, maskName(answer.body.name));
  }
}
