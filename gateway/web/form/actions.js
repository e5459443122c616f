// Actions that a person starts with a button or a form. Each runs one at a time, and a status line beside it
// shows its progress. Screen readers read the line aloud.

import { findElement, makeElement, setWords } from "../lib/element.js";
import { retryingWords, status } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {(retrying: () => void) => Promise<Words>} Action Returns the outcome to show. */

function makeStatusLine() {
  const line = makeElement("p");
  line.className = "status";
  line.setAttribute("role", "status");
  return line;
}

/** Ignores a start while the action is still running. The button stays enabled: disabling it would lose the
 * keyboard's focus.
 * @param {HTMLElement} line @param {Action} act */
function runOneAtATime(line, act) {
  let isActing = false;
  return async () => {
    if (isActing) {
      return;
    }
    isActing = true;
    setWords(line, status.pleaseWait);
    try {
      setWords(line, await act(() => setWords(line, retryingWords())));
    } finally {
      isActing = false;
    }
  };
}

/** A button that runs an action, with its status line. @param {Words} words @param {Action} act */
export function makeActionButton(words, act) {
  const [button, line] = [makeElement("button"), makeStatusLine()];
  const start = runOneAtATime(line, act);
  button.type = "button";
  setWords(button, words);
  button.addEventListener("click", () => void start());
  return makeElement("div", button, line);
}

/** Runs an action when a form is submitted. @param {string} id @param {Action} act */
export function handleSubmit(id, act) {
  const [form, line] = [findElement(id), makeStatusLine()];
  const start = runOneAtATime(line, act);
  form.append(line);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void start();
  });
}
