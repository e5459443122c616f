// The HTTP client, built for a bad signal. Each try has a timeout, and a try without an answer is repeated
// with the same body. A callback reports each repetition. A refusal that a repetition would not change is
// returned.

import { setServerTime } from "./clock.js";

const TRY_MS = 6000;
const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 5000;
/** Too early for 0-RTT, over a limit, or shed: the server stored nothing, so the same request may be
 * repeated. */
const REPEATABLE = [425, 429, 503];

/** @typedef {{status: number, body: any}} Answer */
/**
 * Options of one try. Without a method, a request with a body is a POST.
 * @typedef {{method?: string, authorization?: string, tryMs?: number}} AttemptOptions
 */
/**
 * Options of a request with its retries.
 * @typedef {object} RequestOptions
 * @property {string} [method]
 * @property {() => Promise<string>} [authorize] Makes the header before each try: tokens expire.
 * @property {number} [tryMs] The timeout of a try.
 * @property {(answer: Answer) => boolean} [isFinal] Whether another try would not change the answer.
 * @property {() => Promise<Answer | null>} [recover] Called after a try without an answer. It returns an
 *   answer if the try took effect.
 */

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/** @param {Answer} answer */
function isNotRepeatable(answer) {
  return !REPEATABLE.includes(answer.status);
}

/** @param {unknown} body @param {string | undefined} authorization @returns {Record<string, string>} */
function headersOf(body, authorization) {
  return {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

/**
 * Sends a request once. Returns null if no answer came.
 * @param {string} path
 * @param {unknown} [body]
 * @param {AttemptOptions} [how]
 * @returns {Promise<Answer | null>}
 */
export async function sendOnce(path, body, { method, authorization, tryMs = TRY_MS } = {}) {
  // `AbortSignal.timeout` is missing on phones from before 2022.
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), tryMs);
  try {
    const response = await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: headersOf(body, authorization),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: limit.signal,
      cache: "no-store",
    });
    setServerTime(response.headers.get("date"));
    return { status: response.status, body: response.status === 204 ? {} : await response.json() };
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Sends a request until an answer is final. `body` is called before each try, and returns the same body for
 * as long as that is valid.
 * @param {string} path
 * @param {() => Promise<unknown>} body
 * @param {(tries: number) => void} retrying
 * @param {RequestOptions} [options]
 * @returns {Promise<Answer>}
 */
export async function sendWithRetry(path, body, retrying, options = {}) {
  const { method, authorize, tryMs, isFinal = isNotRepeatable, recover } = options;
  for (let tries = 1; ; tries += 1) {
    const authorization = await authorize?.();
    const answer = await sendOnce(path, await body(), { method, authorization, tryMs });
    if (answer !== null && isFinal(answer)) {
      return answer;
    }
    retrying(tries);
    const retryAfterMs = answer?.body?.retry_after_ms;
    const doubled = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(tries, 4));
    await pause(typeof retryAfterMs === "number" ? retryAfterMs : doubled * (0.5 + Math.random() / 2));
    const recovered = answer === null ? await recover?.() : null;
    if (recovered) {
      return recovered;
    }
  }
}
