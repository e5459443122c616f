// The view that a person chose: the language, and larger text for older eyes. A small script in each page's
// document applies it before the first text is drawn.

import { findElement } from "./element.js";
import { VIEW_PLACE } from "./started.js";

/** @typedef {{language: "both" | "zh" | "en", size: "normal" | "large"}} View */

/** @returns {View} */
function readView() {
  const { language, size } = document.documentElement.dataset;
  return { language: language === "zh" || language === "en" ? language : "both", size: size === "large" ? "large" : "normal" };
}

/** @param {View} view */
function apply(view) {
  Object.assign(document.documentElement.dataset, view);
  try {
    localStorage.setItem(VIEW_PLACE, JSON.stringify(view));
  } catch {
    // Without storage the view lasts as long as the page.
  }
  markChosen(view);
}

/** @param {View} view */
function markChosen({ language, size }) {
  for (const button of findElement("languages").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.value === language));
  }
  findElement("larger").setAttribute("aria-pressed", String(size === "large"));
}

/** Prepares the buttons in the foot of the page. */
export function prepareView() {
  markChosen(readView());
  findElement("languages").addEventListener("click", ({ target }) => {
    if (target instanceof Element) {
      const button = target.closest("button");
      if (button !== null) {
        apply({ ...readView(), language: /** @type {View["language"]} */ (button.value) });
      }
    }
  });
  findElement("larger").addEventListener("click", () => {
    const { size, ...view } = readView();
    apply({ ...view, size: size === "large" ? "normal" : "large" });
  });
}
