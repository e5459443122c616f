// Colours as the page shows them, each with a shape and a word for people who cannot tell
// colours apart.

import { findElement, makeElement, makeWords, showWords } from "./element.js";
import { colours } from "./words.js";

/** SVG paths of a tick, an exclamation mark, a cross and a question mark. @type {Record<string, string>} */
const shapes = {
  green: "M20 55 L42 77 L82 27",
  yellow: "M50 15 V62 M50 82 V84",
  red: "M22 22 L78 78 M78 22 L22 78",
  unknown: "M30 35 A20 20 0 1 1 55 53 Q50 57 50 66 M50 84 V86",
};
const SVG = "http://www.w3.org/2000/svg";

/** A colour that this page has words for: the server's, or `unknown`. @param {unknown} name */
function parseColour(name) {
  return typeof name === "string" && name in colours ? name : "unknown";
}

/** Shows a colour on the page's card. @param {unknown} name */
export function showColour(name) {
  const colour = parseColour(name);
  document.body.dataset.colour = colour;
  findElement("shape-path").setAttribute("d", shapes[colour] ?? "");
  showWords("colour", colours[colour] ?? ["", ""]);
}

/** A colour's shape and word, to stand in a line of text. @param {unknown} name */
export function makeColourMark(name) {
  const colour = parseColour(name);
  const shape = document.createElementNS(SVG, "svg");
  shape.setAttribute("viewBox", "0 0 100 100");
  shape.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shapes[colour] ?? "");
  shape.append(path);
  const mark = makeElement("span", shape, makeWords(colours[colour] ?? ["", ""]));
  mark.className = "mark";
  mark.dataset.mark = colour;
  return mark;
}
