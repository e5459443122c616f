// The pages' texts as pairs, from one file a language. Each section is marked as free of side effects: a
// page's script holds only the sections that the page shows.

import * as en from "../words/en.js";
import * as zh from "../words/zh.js";

/** @typedef {[string, string]} Words Chinese, English. */
/** @typedef {{zh: string, en: string}} Bilingual The words of the server. */

/**
 * Pairs the texts of two languages by key.
 * @template {Record<string, string>} Texts
 * @param {Texts} chinese
 * @param {{[Key in keyof Texts]: string}} english
 * @returns {{[Key in keyof Texts]: Words}}
 */
function zip(chinese, english) {
  const pairs = Object.keys(chinese).map((key) => [key, [chinese[key], english[key]]]);
  return Object.fromEntries(pairs);
}

/** @type {Record<string, Words>} */
export const colours = /* @__PURE__ */ zip(zh.colours, en.colours);
/** @type {Record<string, Words>} */
export const verdicts = /* @__PURE__ */ zip(zh.verdicts, en.verdicts);
/** @type {Record<string, Words>} */
export const checks = /* @__PURE__ */ zip(zh.checks, en.checks);
/** @type {Record<string, Words>} */
export const documents = /* @__PURE__ */ zip(zh.documents, en.documents);
/** @type {Record<string, Words>} */
export const fieldNames = /* @__PURE__ */ zip(zh.fieldNames, en.fieldNames);
/** @type {Record<string, Words>} */
export const problems = /* @__PURE__ */ zip(zh.problems, en.problems);
/** @type {Record<string, Words>} */
const registeredProblems = /* @__PURE__ */ zip(zh.registeredProblems, en.registeredProblems);
/** @type {Record<string, Words>} */
export const erasureReasons = /* @__PURE__ */ zip(zh.erasureReasons, en.erasureReasons);
/** @type {Record<string, Words>} */
export const classes = /* @__PURE__ */ zip(zh.classes, en.classes);
/** @type {Record<string, Words>} */
export const symptoms = /* @__PURE__ */ zip(zh.symptoms, en.symptoms);
/** @type {Record<string, Words>} */
export const risks = /* @__PURE__ */ zip(zh.risks, en.risks);
/** @type {Record<string, Words>} */
export const scopes = /* @__PURE__ */ zip(zh.scopes, en.scopes);
/** @type {Record<string, Words>} */
export const directions = /* @__PURE__ */ zip(zh.directions, en.directions);
/** @type {Record<string, Words>} */
export const certainties = /* @__PURE__ */ zip(zh.certainties, en.certainties);
/** @type {Record<string, Words>} */
export const evidences = /* @__PURE__ */ zip(zh.evidences, en.evidences);
/** @type {Record<string, Words>} */
export const marks = /* @__PURE__ */ zip(zh.marks, en.marks);
/** @type {Record<string, Words>} */
export const purposes = /* @__PURE__ */ zip(zh.purposes, en.purposes);
/** @type {Record<string, Words>} */
export const tracingProblems = /* @__PURE__ */ zip(zh.tracingProblems, en.tracingProblems);
export const tracerConsole = /* @__PURE__ */ zip(zh.tracerConsole, en.tracerConsole);
export const labels = /* @__PURE__ */ zip(zh.labels, en.labels);
export const placeholders = /* @__PURE__ */ zip(zh.placeholders, en.placeholders);
export const emptyLists = /* @__PURE__ */ zip(zh.emptyLists, en.emptyLists);
export const forms = /* @__PURE__ */ zip(zh.forms, en.forms);
export const resident = /* @__PURE__ */ zip(zh.resident, en.resident);
export const checkInPage = /* @__PURE__ */ zip(zh.checkInPage, en.checkInPage);
export const status = /* @__PURE__ */ zip(zh.status, en.status);
export const door = /* @__PURE__ */ zip(zh.door, en.door);
export const terminal = /* @__PURE__ */ zip(zh.terminal, en.terminal);
/** @type {Record<string, Words>} */
export const terminalStates = /* @__PURE__ */ zip(zh.terminalStates, en.terminalStates);
/** @type {Record<string, Words>} */
export const terminalProblems = /* @__PURE__ */ zip(zh.terminalProblems, en.terminalProblems);

/** Words with `{name}` replaced by values.
 * @param {Words} words @param {Record<string, string | number>} values @returns {Words} */
export function fill([chinese, english], values) {
  /** @param {string} text */
  const filled = (text) => text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  return [filled(chinese), filled(english)];
}

/** The explanation of a refusal for a registered resident. @param {{body: any}} answer @returns {Words} */
export function problemWords({ body: { code } }) {
  return registeredProblems[code] ?? problems[code] ?? status.notDone;
}

/** The number of free places at a time. @param {number} free @returns {Words} */
export function freeSlotWords(free) {
  return free === 0 ? status.fullyBooked : fill(status.freeSlots, { free });
}

/** The status while an action has no answer yet. @returns {Words} */
export function retryingWords() {
  return navigator.onLine ? status.retrying : status.network;
}

/** The status while content has not arrived yet. @returns {Words} */
export function waitingWords() {
  return navigator.onLine ? status.waiting : status.network;
}

/** Both languages in one text, for attributes and options. @param {Words} words */
export function joinWords(words) {
  return `${words[0]} ${words[1]}`;
}

/** The words of the server. @param {Bilingual} words @returns {Words} */
export function wordsOf({ zh: chinese, en: english }) {
  return [chinese, english];
}

/** What must happen to clear a reason, and how far it is.
 * @param {Bilingual & {done?: number, of?: number}} clearing @returns {Words} */
export function clearingWords({ zh: chinese, en: english, done, of }) {
  const far = of === undefined ? "" : ` · ${done}/${of}`;
  return [chinese, `${english}${far}`];
}
