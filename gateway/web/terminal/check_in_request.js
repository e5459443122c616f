// Sends a scan, and waits a few seconds for its answer. A scan without an answer is the offline queue's.

import { isNotRepeatable, pause, sendOnce } from "../lib/http.js";

/** @typedef {import("../lib/http.js").Answer} Answer */
/**
 * The body of `POST /v1/check-ins`.
 * @typedef {object} Scan
 * @property {string} [person]
 * @property {string} [pass]
 * @property {string} [certificate]
 * @property {"in" | "out"} direction
 * @property {string[]} [companions]
 * @property {number} [temperature]
 * @property {true} [document_shown]
 * @property {true} [full_check]
 */

/** The longest wait for an answer: the queue at a door moves on. **Units**: milliseconds. */
const WAIT_MS_MAX = 4_000;
/** The wait while the link is known to be down. **Units**: milliseconds. */
const DOWN_WAIT_MS_MAX = 1_200;
const PAUSE_MS = 400;

let isLinkUp = true;

/** Waits for answers again, because another request was answered. */
export function trustLink() {
  isLinkUp = true;
}

/** Whether to show an answer. A person over their own limit sees that. Other repeatable answers are retried.
 * @param {Answer} answer */
function isFinal(answer) {
  return isNotRepeatable(answer) || answer.body.code === "too-many";
}

/** @param {Scan} scan @param {string} authorization @param {number} endsAtMs By `performance.now()`. */
async function sendUntil(scan, authorization, endsAtMs) {
  const leftMs = () => Math.max(0, endsAtMs - performance.now());
  while (leftMs() > 0 && navigator.onLine) {
    const answer = await sendOnce("/v1/check-ins", scan, { authorization, tryMs: leftMs() });
    if (answer !== null && isFinal(answer)) {
      return answer;
    }
    await pause(Math.min(answer?.body.retry_after_ms ?? PAUSE_MS, leftMs()));
  }
  return null;
}

/** Sends a scan. Returns null if no answer came in time. The scan may have taken effect all the same, and the
 * gateway recognises it later.
 * @param {Scan} scan @param {string} authorization @returns {Promise<Answer | null>} */
export async function sendScan(scan, authorization) {
  const waitMs = isLinkUp ? WAIT_MS_MAX : DOWN_WAIT_MS_MAX;
  const answer = await sendUntil(scan, authorization, performance.now() + waitMs);
  isLinkUp = answer !== null;
  return answer;
}
