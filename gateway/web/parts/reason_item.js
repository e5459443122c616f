// A reason for a colour: its text, what clears it, and a link to the page that clears it.

import { makeElement, makeExternalLink } from "../lib/element.js";
import { clearingWords } from "../lib/words.js";

/** @typedef {{text: string, clears_by: string, link: string | null}} Reason */

/** The link to the page that clears a reason, if there is one. @param {string | null} link */
export function makeClearingLinks(link) {
  const found = makeExternalLink(link, clearingWords);
  return found === null ? [] : [found];
}

/** A reason as a short list item. @param {Reason} reason */
export function makeReasonItem({ text, clears_by, link }) {
  return makeElement("li", text, makeElement("small", clears_by), ...makeClearingLinks(link));
}
