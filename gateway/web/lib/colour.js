// Colours as the page shows them, each with a shape and a word for people who cannot tell
// colours apart.

import { findElement, makeElement, makeWords, showWords } from "./element.js";
import { colours } from "./words.js";

/** SVG paths: a tick in a circle, an exclamation mark in a triangle, a cross in an octagon, and a question
 * mark in a square. People who cannot tell colours apart know them by their frames.
 * @type {Record<string, string>} */
const shapes = {
  green: "M50 5 A45 45 0 1 1 49.9 5 Z M29 52 L44 67 L72 35",
  yellow: "M50 8 L95 90 H5 Z M50 38 V62 M50 75 V77",
  red: "M32 6 H68 L94 32 V68 L68 94 H32 L6 68 V32 Z M35 35 L65 65 M65 35 L35 65",
  unknown: "M8 8 H92 V92 H8 Z M38 39 A13 13 0 1 1 54 51 Q50 54 50 61 M50 74 V76",
};
/** The shape beside a verdict that is still open, whatever the colour: never a tick. */
const STILL_TO_CHECK = "M50 8 L95 90 H5 Z M50 38 V62 M50 75 V77";
const SVG = "http://www.w3.org/2000/svg";

/** A colour that this page has words for: the server's, or `unknown`. @param {unknown} name */
function parseColour(name) {
  return typeof name === "string" && name in colours ? name : "unknown";
}

/** Shows a colour on the page's card. Beside a check that is still to be done, the shape is that of a check.
 * @param {unknown} name @param {unknown} [verdict] */
export function showColour(name, verdict) {
  const colour = parseColour(name);
  const isOpen = verdict === "check" && colour === "green";
  document.body.dataset.colour = colour;
  findElement("shape-path").setAttribute("d", isOpen ? STILL_TO_CHECK : (shapes[colour] ?? ""));
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
