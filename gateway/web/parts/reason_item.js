// A reason for a colour: what it is, what clears it, and where the person can do that.

import { make, outward } from "../lib/element.js";
import { clearing } from "../lib/words.js";

/** @typedef {{text: string, clears_by: string, link: string | null}} Reason */

/** The link to where it can be cleared, if there is one. @param {string | null} link */
export function lead(link) {
  const found = outward(link, clearing);
  return found === null ? [] : [found];
}

/** A reason in a list, in short. @param {Reason} reason */
export function reasonItem({ text, clears_by, link }) {
  return make("li", text, make("small", clears_by), ...lead(link));
}
