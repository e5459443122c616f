// Parts of the page that are closed at first: each asks the server for what it shows when it is opened, keeps asking,
// and says by itself that it cannot be had. Another part's trouble is none of its own.

import { element, word } from "./element.js";
import { awaited, pleaseWait, problemOf } from "./words.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./check_in.js").Answer} Answer */
/** @typedef {(done?: Words) => Promise<void>} Load Loads a part anew if it is open, and says what was done before. */

/** The line of a part that says how it goes: by its list and below its form, which must not move under a finger.
 * @param {HTMLElement} part */
function lineOf(part) {
  const line = part.querySelector(":scope > .status");
  if (line instanceof HTMLElement) {
    return line;
  }
  throw new Error(`${part.id} has no status`);
}

/**
 * Makes a part load when it is opened.
 * @param {string} id
 * @param {(retrying: () => void) => Promise<Answer>} read
 * @param {(body: any) => void} show
 * @returns {Load}
 */
export function preparePart(id, read, show) {
  const part = /** @type {HTMLDetailsElement} */ (element(id));
  const line = lineOf(part);
  let [isLoading, isOutdated, isShown] = [false, false, false];

  const loadOnce = async () => {
    const answer = await read(() => word(line, awaited()));
    if (answer.status === 200) {
      line.replaceChildren();
      show(answer.body);
      isShown = true;
    } else {
      word(line, problemOf(answer));
    }
  };
  /** @type {Load} */
  const load = async (done) => {
    // What is on its way may have been answered before what was done since.
    isOutdated = true;
    if (isLoading || !part.open) {
      return;
    }
    isLoading = true;
    if (!isShown) {
      word(line, pleaseWait);
    }
    try {
      while (isOutdated) {
        isOutdated = false;
        await loadOnce();
      }
    } finally {
      isLoading = false;
    }
    if (done !== undefined) {
      // The button that was pressed is gone with the old list; the outcome takes the focus.
      word(line, done);
      line.tabIndex = -1;
      line.focus();
    }
  };
  part.addEventListener("toggle", () => void load());
  return load;
}
