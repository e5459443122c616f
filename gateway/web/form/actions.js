// Things that a person has done: by a button or a form, one at a time, and beside it how that goes. Screen readers say
// it, too.

import { element, make, word } from "../lib/element.js";
import { delayed, pleaseWait } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {(retrying: () => void) => Promise<Words>} Act What is done; it returns how it went. */

function statusLine() {
  const line = make("p");
  line.className = "status";
  line.setAttribute("role", "status");
  return line;
}

/** Lets something be done again only when it is done. A button is not disabled meanwhile: the keyboard's focus would be
 * lost. @param {HTMLElement} line @param {Act} act */
function oneAtATime(line, act) {
  let isActing = false;
  return async () => {
    if (isActing) {
      return;
    }
    isActing = true;
    word(line, pleaseWait);
    try {
      word(line, await act(() => word(line, delayed())));
    } finally {
      isActing = false;
    }
  };
}

/** A button that does something, with its line. @param {Words} words @param {Act} act */
export function action(words, act) {
  const [button, line] = [make("button"), statusLine()];
  const start = oneAtATime(line, act);
  button.type = "button";
  word(button, words);
  button.addEventListener("click", () => void start());
  return make("div", button, line);
}

/** Makes a form do something when it is sent. @param {string} id @param {Act} act */
export function prepareForm(id, act) {
  const [form, line] = [element(id), statusLine()];
  const start = oneAtATime(line, act);
  form.append(line);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void start();
  });
}
