// A line of the page that shows words, or nothing.

import { findElement, showWords } from "../lib/element.js";

/** Shows words in a line, or empties it. Unchanged words are not read aloud again.
 * @param {string} id @param {import("../lib/words.js").Words | null} words */
export function showLine(id, words) {
  if (words === null) {
    findElement(id).replaceChildren();
  } else {
    showWords(id, words);
  }
}
