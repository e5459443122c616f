// Parts of the page that are closed at first. Each loads its content when it is opened, retries, and shows
// its own errors. A failure in one part does not affect another.

import { findElement } from "../lib/element.js";
import { makeLoader } from "../lib/loader.js";
import { status } from "../lib/words.js";

/** @typedef {import("../lib/http.js").Answer} Answer */
/** @typedef {import("../lib/loader.js").Reload} Reload */

/** The status line of a part. It stands by the list and below the form, which must not move under a finger.
 * @param {HTMLElement} part */
function findStatusLine(part) {
  const line = part.querySelector(":scope > .status");
  if (line instanceof HTMLElement) {
    return line;
  }
  throw new Error(`${part.id} has no status`);
}

/** Calls a function each time a part is opened. @param {string} id @param {() => void} act */
export function whenOpened(id, act) {
  const part = /** @type {HTMLDetailsElement} */ (findElement(id));
  part.addEventListener("toggle", () => part.open && act());
}

/** Opens a part and the group around it, and brings it into view. @param {string} id */
export function openPart(id) {
  const part = findElement(id);
  for (let at = part.closest("details"); at !== null; at = at.parentElement?.closest("details") ?? null) {
    at.open = true;
  }
  part.scrollIntoView();
}

/**
 * Loads a part each time it is opened.
 * @param {string} id
 * @param {(retrying: () => void, chosen: string) => Promise<Answer>} read
 * @param {(body: any, chosen: string) => void} show
 * @param {{chosen?: () => string, clear?: () => void}} [choice] The current choice, in a part that has one.
 * @returns {Reload}
 */
export function prepareLoadedPart(id, read, show, { chosen = () => "", clear } = {}) {
  const load = makeLoader({ line: findStatusLine(findElement(id)), chosen, read, show, clear });
  whenOpened(id, load);
  return load;
}
