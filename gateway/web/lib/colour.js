// Colours as the page shows them, each with a shape and a word for people who cannot tell
// colours apart.

import { findElement, makeElement, setText } from "./element.js";
import { colours, joinWords, shapes } from "./words.js";

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
  setText("colour", joinWords(colours[colour] ?? ["", ""]));
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
  const mark = makeElement("span", shape, joinWords(colours[colour] ?? ["", ""]));
  mark.className = "mark";
  mark.dataset.mark = colour;
  return mark;
}
