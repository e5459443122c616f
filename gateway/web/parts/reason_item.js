// A reason for a colour: what it is, what clears it, and where the person can do that.

import { makeElement, makeExternalLink } from "../lib/element.js";
import { clearingWords } from "../lib/words.js";

/** @typedef {{text: string, clears_by: string, link: string | null}} Reason */

/** The link to where it can be cleared, if there is one. @param {string | null} link */
export function makeClearingLinks(link) {
  const found = makeExternalLink(link, clearingWords);
  return found === null ? [] : [found];
}

/** A reason in a list, in short. @param {Reason} reason */
export function makeReasonItem({ text, clears_by, link }) {
  return makeElement("li", text, makeElement("small", clears_by), ...makeClearingLinks(link));
}
