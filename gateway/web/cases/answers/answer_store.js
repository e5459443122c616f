// The answers of this session, by question. Each answer spends a tracer's budget and is audited, so a
// question is asked once and its answer is shown again. The browser deletes them with the tab.

const PLACE = "scangate-tracing ";

/** @typedef {{fetchedAtMs: number, body: any}} StoredAnswer An answer, and when it arrived. */

/** The answers that this page has read. One that is too large for the browser's storage is only here.
 * @type {Map<string, StoredAnswer>} */
const known = new Map();

/** @param {string} question @returns {StoredAnswer | null} */
function readStored(question) {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE + question) ?? "null");
  } catch {
    return null;
  }
}

/** The stored answer to a question. @param {string} question @returns {StoredAnswer | null} */
export function findAnswer(question) {
  const found = known.get(question) ?? readStored(question);
  if (found !== null) {
    known.set(question, found);
  }
  return found;
}

/** Stores an answer in place of an earlier one. @param {string} question @param {StoredAnswer} answer */
export function storeAnswer(question, answer) {
  known.set(question, answer);
  try {
    sessionStorage.setItem(PLACE + question, JSON.stringify(answer));
  } catch {
    sessionStorage.removeItem(PLACE + question);
  }
}

/** Deletes all answers. */
export function forgetAnswers() {
  known.clear();
  for (const place of Object.keys(sessionStorage).filter((name) => name.startsWith(PLACE))) {
    sessionStorage.removeItem(place);
  }
}
