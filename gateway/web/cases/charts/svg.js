// Elements of drawings. A drawing has a name for screen readers, and a table beside it with the same content.

import { makeElement } from "../../lib/element.js";

const SVG = "http://www.w3.org/2000/svg";
/** The width of every drawing. **Units**: those of its coordinates. */
export const WIDTH = 960;

/**
 * A part of a drawing.
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(string | Node)} inside
 */
export function makeShape(tag, attributes, ...inside) {
  const shape = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    shape.setAttribute(name, typeof value === "number" ? String(Math.round(value * 100) / 100) : value);
  }
  shape.append(...inside);
  return shape;
}

/** A drawing in a region that scrolls, which the keyboard reaches.
 * @param {number} height @param {string} name @param {Node[]} shapes */
export function makeDrawing(height, name, shapes) {
  const drawing = makeShape(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${height}`, class: "chart", role: "img", "aria-label": name },
    ...shapes,
  );
  const region = makeElement("div", drawing);
  region.className = "scroll";
  region.tabIndex = 0;
  region.setAttribute("role", "group");
  region.setAttribute("aria-label", name);
  return region;
}
