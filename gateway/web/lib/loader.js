// Loads a resource and shows it. Loads of one resource run one after another, and a reload during a load
// causes another one. The status line shows why a resource is unavailable.

import { setWords, showOutcome } from "./element.js";
import { problemWords, status, waitingWords } from "./words.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./http.js").Answer} Answer */
/** @typedef {(done?: Words) => Promise<void>} Reload Then shows the words, if any. */
/**
 * Options of a loader.
 * @typedef {object} LoaderOptions
 * @property {HTMLElement} line The status line.
 * @property {() => string | null} chosen The resource to show, or null.
 * @property {(retrying: () => void, chosen: string) => Promise<Answer>} read
 * @property {(body: any, chosen: string) => void} show
 * @property {() => void} [clear] Removes the content of an earlier choice.
 */

/** @param {LoaderOptions} loaded @returns {Reload} */
export function makeLoader({ line, chosen, read, show, clear = () => {} }) {
  let [isLoading, isOutdated] = [false, false];
  /** @type {string | null} */
  let shown = null;

  const forget = () => {
    shown = null;
    clear();
    line.replaceChildren();
  };
  /** @param {string} choice */
  const loadOnce = async (choice) => {
    const answer = await read(() => chosen() !== null && setWords(line, waitingWords()), choice);
    if (isOutdated) {
      // This answer may predate a later change, or belong to an earlier choice.
      return;
    }
    if (answer.status === 200) {
      line.replaceChildren();
      show(answer.body, choice);
      shown = choice;
    } else {
      setWords(line, problemWords(answer));
    }
  };
  const loadAll = async () => {
    isLoading = true;
    try {
      for (let choice = chosen(); isOutdated && choice !== null; choice = chosen()) {
        isOutdated = false;
        await loadOnce(choice);
      }
    } finally {
      isLoading = false;
    }
  };
  return async (done) => {
    isOutdated = true;
    const choice = chosen();
    if (choice === null || choice !== shown) {
      forget();
    }
    if (choice === null) {
      return;
    }
    if (shown === null) {
      setWords(line, status.pleaseWait);
    }
    if (isLoading) {
      return;
    }
    await loadAll();
    if (done !== undefined) {
      // The pressed button is gone with the old list.
      showOutcome(line, done);
    }
  };
}
