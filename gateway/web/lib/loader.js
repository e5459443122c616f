// What is shown as the server has it: asked for one time after another, and anew after what may have changed it. It is
// said where it cannot be had.

import { setWords } from "./element.js";
import { pleaseWait, problemWords, waitingWords } from "./words.js";

/** @typedef {import("./words.js").Words} Words */
/** @typedef {import("./http.js").Answer} Answer */
/** @typedef {(done?: Words) => Promise<void>} Reload Loads anew, and says what was done before. */
/**
 * @typedef {object} LoaderOptions
 * @property {HTMLElement} line Says how it goes.
 * @property {() => string | null} chosen What is to be shown, if anything.
 * @property {(retrying: () => void, chosen: string) => Promise<Answer>} read
 * @property {(body: any, chosen: string) => void} show
 * @property {() => void} [clear] Takes away what is of an earlier choice.
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
      // It may have been answered before what was done since, and be of an earlier choice.
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
      setWords(line, pleaseWait);
    }
    if (isLoading) {
      return;
    }
    await loadAll();
    if (done !== undefined) {
      // The button that was pressed is gone with the old list; the outcome takes the focus.
      setWords(line, done);
      line.tabIndex = -1;
      line.focus();
    }
  };
}
