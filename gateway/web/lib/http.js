// The HTTP client, built for a bad signal. Each try has a timeout, and a try without an answer is repeated
// with the same body. A callback reports each repetition. A refusal that a repetition would not change is
// returned.

import { setServerTime } from "./clock.js";
import { status } from "./words.js";

const TRY_MS = 6000;
const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 5000;
/** Too slow, too early for 0-RTT, over a limit, or shed: the server did not carry the request out or cannot
 * tell, and the same request may be repeated. */
const REPEATABLE = [408, 425, 429, 503];
const NDJSON = "application/x-ndjson";

/** @typedef {{status: number, body: any}} Answer */
/**
 * Options of one try. Without a method, a request with a body is a POST. With `isLines`, the bodies of the
 * request and of its answer are lists, sent as lines of NDJSON.
 * @typedef {{method?: string, authorization?: string, tryMs?: number, key?: string, isLines?: boolean}}
 *   AttemptOptions
 */
/**
 * Options of a request with its retries.
 * @typedef {object} RequestOptions
 * @property {string} [method]
 * @property {() => Promise<string>} [authorize] Makes the header before each try: tokens expire.
 * @property {number} [tryMs] The timeout of a try.
 * @property {string} [key] The idempotency key of a request that creates something: all its tries act once.
 * @property {(answer: Answer) => boolean} [isFinal] Whether another try would not change the answer.
 * @property {() => Promise<Answer | null>} [recover] Called after a try without an answer. It returns an
 *   answer if the try took effect.
 */

/** Why and how long a request waits for its next try.
 * @typedef {{waitMs: number, isShed: boolean}} Pending */
/** @typedef {(pending: Pending) => void} Retrying */

/** Waits. @param {number} ms */
export function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/** Whether a repetition would not change this answer. @param {Answer} answer */
export function isNotRepeatable(answer) {
  return !REPEATABLE.includes(answer.status);
}

/** A new idempotency key. `crypto.randomUUID` is missing on phones from before 2022. */
export function makeIdempotencyKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {unknown} body
 * @param {AttemptOptions} how
 * @returns {Record<string, string>}
 */
function headersOf(body, { authorization, key, isLines }) {
  return {
    ...(key === undefined ? {} : { "idempotency-key": key }),
    ...(body === undefined ? {} : { "content-type": isLines ? NDJSON : "application/json" }),
    ...(authorization === undefined ? {} : { authorization }),
  };
}

/** A body as text. @param {any} body @param {boolean} isLines */
function writeBody(body, isLines) {
  return isLines ? body.map((/** @type {any} */ line) => JSON.stringify(line)).join("\n") : JSON.stringify(body);
}

/** The body of an answer. @param {Response} response */
async function readBody(response) {
  if (response.status === 204) {
    return {};
  }
  if (response.headers.get("content-type") !== NDJSON) {
    return response.json();
  }
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line));
}

/**
 * Sends a request once. Returns null if no answer came.
 * @param {string} path
 * @param {unknown} [body]
 * @param {AttemptOptions} [options]
 * @returns {Promise<Answer | null>}
 */
export async function sendOnce(path, body, options = {}) {
  const { method, tryMs = TRY_MS, isLines = false } = options;
  // `AbortSignal.timeout` is missing on phones from before 2022.
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), tryMs);
  try {
    const response = await fetch(path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: headersOf(body, options),
      ...(body === undefined ? {} : { body: writeBody(body, isLines) }),
      signal: limit.signal,
      cache: "no-store",
    });
    setServerTime(response.headers.get("date"));
    return { status: response.status, body: await readBody(response) };
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
 * @param {Retrying} retrying
 * @param {RequestOptions} [options]
 * @returns {Promise<Answer>}
 */
export async function sendWithRetry(path, body, retrying, options = {}) {
  const { method, authorize, tryMs, key, isFinal = isNotRepeatable, recover } = options;
  for (let tries = 1; ; tries += 1) {
    const authorization = await authorize?.();
    const answer = await sendOnce(path, await body(), { method, authorization, tryMs, key });
    if (answer !== null && isFinal(answer)) {
      return answer;
    }
    const retryAfterMs = answer?.body?.retry_after_ms;
    const doubled = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 2 ** Math.min(tries, 4));
    const waitMs = typeof retryAfterMs === "number" ? retryAfterMs : doubled * (0.5 + Math.random() / 2);
    retrying({ waitMs, isShed: answer?.status === 503 || answer?.status === 429 });
    await pause(waitMs);
    const recovered = answer === null ? await recover?.() : null;
    if (recovered) {
      return recovered;
    }
  }
}
