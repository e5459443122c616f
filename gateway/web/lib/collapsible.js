// Parts of the page that are closed at first: each asks the server for what it shows when it is opened, keeps asking,
// and says by itself that it cannot be had. Another part's trouble is none of its own.

import { findElement } from "./element.js";
import { makeLoader } from "./loader.js";

/** @typedef {import("./http.js").Answer} Answer */
/** @typedef {import("./loader.js").Reload} Reload */

/** The line of a part that says how it goes: by its list and below its form, which must not move under a finger.
 * @param {HTMLElement} part */
function findStatusLine(part) {
  const line = part.querySelector(":scope > .status");
  if (line instanceof HTMLElement) {
    return line;
  }
  throw new Error(`${part.id} has no status`);
}

/** Makes a part do something when it is opened. @param {string} id @param {() => void} act */
export function whenOpened(id, act) {
  const part = /** @type {HTMLDetailsElement} */ (findElement(id));
  part.addEventListener("toggle", () => part.open && act());
}

/**
 * Makes a part load when it is opened.
 * @param {string} id
 * @param {(retrying: () => void, chosen: string) => Promise<Answer>} read
 * @param {(body: any, chosen: string) => void} show
 * @param {{chosen?: () => string, clear?: () => void}} [choice] What of it is chosen, where that is a choice.
 * @returns {Reload}
 */
export function prepareLoadedPart(id, read, show, { chosen = () => "", clear } = {}) {
  const load = makeLoader({ line: findStatusLine(findElement(id)), chosen, read, show, clear });
  whenOpened(id, load);
  return load;
}
