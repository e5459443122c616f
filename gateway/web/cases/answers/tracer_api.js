// The tracer's requests, with the token of the page. Questions about people spend a budget: their answers are
// stored, and only a wish of the tracer repeats them.

import { now } from "../../lib/clock.js";
import { makeIdempotencyKey, sendWithRetry } from "../../lib/http.js";
import { fill, tracerConsole, tracingProblems } from "../../lib/words.js";
import { findAnswer, storeAnswer } from "./answer_store.js";

/** @typedef {import("../../lib/words.js").Words} Words */
/** @typedef {import("../../lib/http.js").Answer} Answer */
/** @typedef {import("../../lib/http.js").RequestOptions} RequestOptions */
/** @typedef {import("./answer_store.js").StoredAnswer} StoredAnswer */
/** @typedef {() => void} Retrying */

/** The time that a question about a whole city may take: a shorter try would be repeated, and spend twice. */
const QUESTION_MS = 120_000;
/** The refusals after which no request of this page succeeds. */
const REFUSED = ["token-invalid", "role-wrong"];

/** @type {{token: string, onRefused: () => void}} */
let session = { token: "", onRefused: () => {} };

/** Sends all requests with a token from now on. @param {string} token
 * @param {() => void} onRefused Called when the gateway refuses the token. */
export function startSession(token, onRefused) {
  session = { token, onRefused };
}

/** A spent budget is final: it is full again at midnight. @param {Answer} answer */
function isFinal({ status }) {
  return ![408, 425, 503].includes(status);
}

/** @param {string} path @param {unknown} body @param {Retrying} retrying @param {RequestOptions} options */
async function send(path, body, retrying, options) {
  const authorize = async () => `Bearer ${session.token}`;
  const answer = await sendWithRetry(path, async () => body, retrying, { isFinal, authorize, ...options });
  if (REFUSED.includes(answer.body.code)) {
    session.onRefused();
  }
  return answer;
}

/** Reads what costs nothing. @param {string} path @param {Retrying} retrying */
export function readFree(path, retrying) {
  return send(path, undefined, retrying, {});
}

/** Creates something. All tries act once. @param {string} path @param {unknown} body
 * @param {Retrying} retrying */
export function create(path, body, retrying) {
  return send(path, body, retrying, { method: "POST", key: makeIdempotencyKey() });
}

/** Changes a case. @param {string} path @param {unknown} body @param {Retrying} retrying
 * @param {RequestOptions["recover"]} recover Finds out whether a try without an answer took effect. */
export function change(path, body, retrying, recover) {
  return send(path, body, retrying, { method: "PATCH", recover });
}

/**
 * The stored answer to a question, or else a new one, which is then stored.
 * @param {string} question The path.
 * @param {Retrying} retrying
 * @param {{again?: boolean}} [options] `again` asks although there is an answer.
 * @returns {Promise<{stored: StoredAnswer} | {refusal: Answer}>}
 */
export async function ask(question, retrying, { again = false } = {}) {
  const found = again ? null : findAnswer(question);
  if (found !== null) {
    return { stored: found };
  }
  const answer = await send(question, undefined, retrying, { tryMs: QUESTION_MS });
  if (answer.status !== 200) {
    return { refusal: answer };
  }
  const stored = { fetchedAtMs: now(), body: answer.body };
  storeAnswer(question, stored);
  return { stored };
}

/** The explanation of a refusal. @param {Answer} refusal @returns {Words} */
export function refusalWords({ body }) {
  if (body.code === "budget-spent") {
    return fill(tracerConsole.budgetSpent, { left: body.left, needed: body.needed });
  }
  return tracingProblems[body.code] ?? tracerConsole.notDone;
}
