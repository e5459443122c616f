// Things that a person has done: by a button or a form, one at a time, and beside it how that goes. Screen readers say
// it, too.

import { findElement, makeElement, setWords } from "../lib/element.js";
import { pleaseWait, retryingWords } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {(retrying: () => void) => Promise<Words>} Action What is done; it returns how it went. */

function makeStatusLine() {
  const line = makeElement("p");
  line.className = "status";
  line.setAttribute("role", "status");
  return line;
}

/** Lets something be done again only when it is done. A button is not disabled meanwhile: the keyboard's focus would be
 * lost. @param {HTMLElement} line @param {Action} act */
function runOneAtATime(line, act) {
  let isActing = false;
  return async () => {
    if (isActing) {
      return;
    }
    isActing = true;
    setWords(line, pleaseWait);
    try {
      setWords(line, await act(() => setWords(line, retryingWords())));
    } finally {
      isActing = false;
    }
  };
}

/** A button that does something, with its line. @param {Words} words @param {Action} act */
export function makeActionButton(words, act) {
  const [button, line] = [makeElement("button"), makeStatusLine()];
  const start = runOneAtATime(line, act);
  button.type = "button";
  setWords(button, words);
  button.addEventListener("click", () => void start());
  return makeElement("div", button, line);
}

/** Makes a form do something when it is sent. @param {string} id @param {Action} act */
export function handleSubmit(id, act) {
  const [form, line] = [findElement(id), makeStatusLine()];
  const start = runOneAtATime(line, act);
  form.append(line);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void start();
  });
}
