// Sends a scan or its checks, and waits a few seconds for the answer. A scan without an answer is the offline
// queue's.

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

/** A check-in as its first answer names it. @typedef {{id: string, at: string}} FirstAnswer */

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

/** @param {string} path @param {object} body @param {string} authorization
 * @param {number} endsAtMs By `performance.now()`. */
async function sendUntil(path, body, authorization, endsAtMs) {
  const leftMs = () => Math.max(0, endsAtMs - performance.now());
  while (leftMs() > 0 && navigator.onLine) {
    const answer = await sendOnce(path, body, { authorization, tryMs: leftMs() });
    if (answer !== null && isFinal(answer)) {
      return answer;
    }
    await pause(Math.min(answer?.body.retry_after_ms ?? PAUSE_MS, leftMs()));
  }
  return null;
}

/** Sends a body, and returns null if no answer came in time. It may have taken effect all the same, and the
 * gateway recognises it later.
 * @param {string} path @param {object} body @param {string} authorization
 * @returns {Promise<Answer | null>} */
async function sendInTime(path, body, authorization) {
  const waitMs = isLinkUp ? WAIT_MS_MAX : DOWN_WAIT_MS_MAX;
  const answer = await sendUntil(path, body, authorization, performance.now() + waitMs);
  isLinkUp = answer !== null;
  return answer;
}

/** Sends a scan. @param {Scan} scan @param {string} authorization */
export function sendScan(scan, authorization) {
  return sendInTime("/v1/check-ins", scan, authorization);
}

/** Sends a scan once more, with what the staff have done since. The same code is the same check-in while it
 * is valid. After that, and for what has no step of its own, the request names the check-in.
 * @param {Scan} scan @param {FirstAnswer} first @param {string} authorization */
export async function sendChecks(scan, { id, at }, authorization) {
  if (scan.person !== undefined) {
    const answer = await sendScan(scan, authorization);
    if (answer?.body.code !== "person-code-expired") {
      return answer;
    }
  }
  return sendInTime(`/v1/check-ins/${id}/checks`, { ...scan, at }, authorization);
}
