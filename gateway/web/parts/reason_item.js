// A reason for a colour: its words, what clears it and how far it is, and a link to the page that clears it.

import { makeElement, makeExternalLink, makeTime, makeWords } from "../lib/element.js";
import { clearingWords, labels, status, wordsOf } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Bilingual} Bilingual */
/** @typedef {{done?: number, of?: number}} Progress */
/** @typedef {{clears?: string, clears_by?: Bilingual & Progress}} Clearing A date, or what is to be done. */
/** @typedef {Clearing & {words: Bilingual, link: string | null}} Reason */

/** The link to the page that clears a reason, if there is one. @param {string | null} link */
export function makeClearingLinks(link) {
  const found = makeExternalLink(link, status.clearing);
  return found === null ? [] : [found];
}

/** What clears a reason: a label, and a date or words. @param {Reason} reason
 * @returns {[import("../lib/words.js").Words, string | Node]} */
export function makeClearing({ clears, clears_by }) {
  return clears === undefined
    ? [labels.clearsBy, clears_by === undefined ? "" : makeWords(clearingWords(clears_by))]
    : [labels.clears, makeTime(clears)];
}

/** A reason as a short list item. @param {Reason} reason */
export function makeReasonItem(reason) {
  const [label, clearing] = makeClearing(reason);
  const small = makeElement("small", makeWords(label), " ", clearing);
  return makeElement("li", makeWords(wordsOf(reason.words)), small, ...makeClearingLinks(reason.link));
}
