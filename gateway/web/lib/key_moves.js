// Moves the keys that this phone stores to the newest kid. The operator can then withdraw the earlier kids. A
// failed move is silent: the stored key stays valid until its kid is withdrawn, and the next opening of the
// page tries again.

import { makeIdempotencyKey, sendOnce } from "./http.js";
import { authorizationOf } from "./resident_api.js";
import { readFamily, readRegistration, replaceKey } from "./stored_registration.js";

/** @typedef {import("./person_code.js").Registration} Registration */

const KEY_PATH = "/v1/people/me/key";

/** The moves that were tried since the page was opened: the person and the kid. @type {Set<string>} */
const tried = new Set();

/** Fetches one key under the newest kid, with a token made from the stored key.
 * @param {Registration} stored */
async function moveKey(stored) {
  const how = { method: "POST", authorization: await authorizationOf(stored), key: makeIdempotencyKey() };
  const answer = await sendOnce(KEY_PATH, undefined, how);
  if (answer?.status === 200) {
    replaceKey(stored, answer.body);
  }
}

/** Moves every key that is under another kid, the resident's own and those of dependants.
 * @param {unknown} newest The newest kid, as the server sent it. */
export async function moveKeys(newest) {
  const own = readRegistration();
  for (const stored of [...(own === null ? [] : [own]), ...readFamily()]) {
    const move = `${stored.person} ${newest}`;
    if (Number.isInteger(newest) && stored.kid !== newest && !tried.has(move)) {
      tried.add(move);
      await moveKey(stored);
    }
  }
}
