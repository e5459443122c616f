// Moves the keys that this phone stores to the newest kid. The operator can then withdraw the earlier kids. A
// failed move is silent: the stored key stays valid until its kid is withdrawn, and a later opening of a page
// tries again. A key that the server refuses was ended by a later one of the same person.

import { now } from "../clock.js";
import { sendOnce } from "../http.js";
import { isEndCode, sendSettled } from "./registration_end.js";
import { authorizationOf } from "../resident_api.js";
import { readFamily, readRegistration, replaceKey } from "./stored_registration.js";
import { status } from "../words.js";

/** @typedef {import("../../codes/person_code.js").Registration} Registration */

const KEY_PATH = "/v1/people/me/key";

/** The moves that were tried since the page was opened: the person and the kid. @type {Set<string>} */
const tried = new Set();
/** The dependants' keys that the server refused. @type {Set<string>} */
const ended = new Set();

/** Fetches one key under the newest kid, with a token made from the stored key. Returns null if no answer
 * came.
 * @param {Registration} stored */
async function fetchKey(stored) {
  // Every repetition returns the same key. With an idempotency key the server would store each answer.
  const how = { method: "POST", authorization: await authorizationOf(stored) };
  const answer = await sendOnce(KEY_PATH, undefined, how);
  if (answer?.status === 200) {
    replaceKey(stored, answer.body);
  }
  return answer;
}

/** Moves every key that is under another kid, the resident's own and those of dependants.
 * @param {unknown} newest The newest kid, as the server sent it. */
export async function moveKeys(newest) {
  const own = readRegistration();
  for (const stored of [...(own === null ? [] : [own]), ...readFamily()]) {
    const move = `${stored.person} ${newest}`;
    if (Number.isInteger(newest) && stored.kid !== newest && !tried.has(move)) {
      tried.add(move);
      await fetchKey(stored);
    }
  }
}

/** Moves the keys on a page that does not receive the newest kid. The resident's own key, which is fetched
 * again after some days, says which kid that is. */
export async function moveKeysWhenDue() {
  const own = readRegistration();
  if (own !== null && now() >= (own.fetchAtMs ?? 0)) {
    const answer = await fetchKey(own);
    await moveKeys(answer?.body.kid);
  }
}

/** Asks the server whether it still accepts the stored key of a dependant. @param {Registration} stored */
export async function checkKey(stored) {
  if (!isEnded(stored)) {
    const answer = await sendSettled(async () => (await fetchKey(stored)) ?? { status: 0, body: {} });
    if (isEndCode(answer.body.code)) {
      ended.add(stored.key);
    }
  }
}

/** Whether the server refused the stored key of a dependant. @param {Registration} stored */
export function isEnded({ key }) {
  return ended.has(key);
}
