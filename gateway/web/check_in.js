// Requests on a bad signal: each try is bounded in time, a try that got no answer is repeated with the same
// body, and the person is told how long that has gone on. What a person must decide on is asked once.

import { learn } from "./clock.js";

const TRY_MS = 6000;
const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 5000;

/** @typedef {{status: number, body: any}} Answer */
/** @typedef {{tryMs?: number, isFinal?: (answer: Answer) => boolean}} Manner How long a try may take, and which answers another try would not change. */

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/** @param {Answer} answer */
function isNoShed(answer) {
  return answer.status !== 429 && answer.status !== 503;
}

/**
 * One try: a question without a body. None where no answer came.
 * @param {string} path
 * @param {unknown} [body]
 * @param {number} [tryMs]
 * @returns {Promise<Answer | null>}
 */
export async function attempt(path, body, tryMs = TRY_MS) {
  const post = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  try {
    const response = await fetch(path, {
      ...(body === undefined ? {} : post),
      signal: AbortSignal.timeout(tryMs),
      cache: "no-store",
    });
    learn(response.headers.get("date"));
    return { status: response.status, body: await response.json() };
  } catch {
    return null;
  }
}

/**
 * Sends until an answer comes that a repetition would not change. `body` is asked before each try: it
 * returns the same one for as long as that is good.
 * @param {string} path
 * @param {() => Promise<unknown>} body
 * @param {(tries: number) => void} retrying
 * @param {Manner} [manner]
 * @returns {Promise<Answer>}
 */
export async function send(path, body, retrying, { tryMs, isFinal = isNoShed } = {}) {
  for (let tries = 1; ; tries += 1) {
    const answer = await attempt(path, await body(), tryMs);
    if (answer !== null && isFinal(answer)) {
      return answer;
    }
    retrying(tries);
    const told = answer?.body?.retry_after_ms;
    const doubled = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(tries, 4));
    await pause(typeof told === "number" ? told : doubled * (0.5 + Math.random() / 2));
  }
}
