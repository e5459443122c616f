// Colours as a person sees them: each with a shape and a word, so that nobody has to tell colours apart.

import { element, make, say } from "./element.js";
import { both, colours, shapes } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** A colour of the server's as one that this page has words for. @param {unknown} said */
function known(said) {
  return typeof said === "string" && said in colours ? said : "unknown";
}

/** Shows a colour on the page's card. @param {unknown} said */
export function showColour(said) {
  const colour = known(said);
  document.body.dataset.colour = colour;
  element("shape-path").setAttribute("d", shapes[colour] ?? "");
  say("colour", both(colours[colour] ?? ["", ""]));
}

/** A colour's shape and word, within a line. @param {unknown} said */
export function colourMark(said) {
  const colour = known(said);
  const shape = document.createElementNS(SVG, "svg");
  shape.setAttribute("viewBox", "0 0 100 100");
  shape.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", shapes[colour] ?? "");
  shape.append(path);
  const mark = make("span", shape, both(colours[colour] ?? ["", ""]));
  mark.className = "mark";
  mark.dataset.mark = colour;
  return mark;
}
