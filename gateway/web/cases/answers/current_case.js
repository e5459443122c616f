// The case that the console shows, as the gateway described it last, and the names that it revealed.

import { findAnswer, storeAnswer } from "./answer_store.js";

/** @type {any} */
let current = null;
/** The subject of the tracer's token. */
let subject = "";

/** @param {string} name */
export function setSubject(name) {
  subject = name;
}

/** Who uses the console. */
export function readSubject() {
  return subject;
}

/** @param {any} body A case of the gateway, or null where none is shown. */
export function setCurrentCase(body) {
  current = body;
}

/** The case that is shown. */
export function currentCase() {
  return current;
}

/** The path of the case, or of something in it. @param {string} [rest] */
export function casePath(rest = "") {
  return `/v1/cases/${current.case}${rest}`;
}

/** The place of the case's names among the answers. */
function placeOfNames() {
  return casePath("/reveal");
}

/** The persons who were revealed in this session, oldest first. @returns {any[]} */
export function readNames() {
  return findAnswer(placeOfNames())?.body ?? [];
}

/** The name of a person, if it was revealed in this session. @param {string} person @returns {string} */
export function findName(person) {
  return readNames().find((known) => known.person === person)?.name ?? "";
}

/** Stores a revealed person. @param {any} revealed @param {number} fetchedAtMs */
export function storeName(revealed, fetchedAtMs) {
  storeAnswer(placeOfNames(), { fetchedAtMs, body: [...readNames(), revealed] });
}

/** What every exported row says of its case.
 * @param {import("./answer_store.js").StoredAnswer} stored @param {[string, string | number][]} [more]
 * @returns {[string, string | number][]} */
export function describeContext({ fetchedAtMs, body }, more = []) {
  const fetched = new Date(fetchedAtMs).toISOString();
  return [
    ["complete_through", body.complete_through],
    ["fetched_at", fetched],
    ...more,
    ["case", current.case],
    ["case_person", current.person],
    ["purpose", current.purpose],
    ["reference", current.reference],
    ["window_from", current.from],
    ["window_to", current.to],
    ["exported_by", subject],
  ];
}
