// The graph of hops: the person of the case in the middle, and a ring for each hop around it.

import { fill, joinWords, tracerConsole } from "../../lib/words.js";
import { WIDTH, makeDrawing, makeShape } from "./svg.js";

/** @typedef {import("../answers/contact_filter.js").Contact} Contact */
/** @typedef {{x: number, y: number, angle: number}} NodePlace */

/** The contacts of each hop that are drawn: more do not fit on the inner ring. */
export const RING_MAX = 30;
const HEIGHT = 760;
const NODE_RADIUS = 14;
const RING_DISTANCE = 115;
/** The thickest line stands for this time. **Units**: seconds. */
const THICKEST_S = 7200;

/** The contacts of the graph, each with its rank. @param {Contact[]} contacts In the order of their ranks. */
export function chooseGraphContacts(contacts) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  return contacts
    .map((contact, at) => ({ contact, rank: at + 1 }))
    .filter(({ contact: { hop } }) => {
      counts.set(hop, (counts.get(hop) ?? 0) + 1);
      return (counts.get(hop) ?? 0) <= RING_MAX;
    });
}

/** The persons of the previous hop whom a contact met, each with the time. @param {Contact} contact */
export function sumByVia({ encounters }) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const { via, overlap_s: seconds } of encounters) {
    sums.set(via, (sums.get(via) ?? 0) + seconds);
  }
  return sums;
}

/** @param {number} hop @param {number} angle @returns {NodePlace} */
function placeOnRing(hop, angle) {
  const [x, y] = [Math.cos(angle), Math.sin(angle)].map((part) => part * hop * RING_DISTANCE);
  return { x: WIDTH / 2 + (x ?? 0), y: HEIGHT / 2 + (y ?? 0), angle };
}

/** Places a hop evenly on its ring, near the persons whom the contacts met.
 * @param {Contact[]} ring @param {Map<string, NodePlace>} places */
function placeRing(ring, places) {
  const angleOf = (/** @type {Contact} */ { encounters: [first] }) => places.get(first?.via ?? "")?.angle ?? 0;
  const sorted = [...ring].sort((one, other) => angleOf(one) - angleOf(other));
  sorted.forEach(({ person, hop }, at) => {
    places.set(person, placeOnRing(hop, (2 * Math.PI * (at + hop / 4)) / sorted.length));
  });
}

/** @param {Contact} contact @param {Map<string, NodePlace>} places */
function drawLinks(contact, places) {
  const end = places.get(contact.person);
  return [...sumByVia(contact)].flatMap(([via, seconds]) => {
    const begin = places.get(via);
    if (begin === undefined || end === undefined) {
      return [];
    }
    const width = 1 + 4 * Math.min(1, seconds / THICKEST_S);
    const [from, to] = [{ x1: begin.x, y1: begin.y }, { x2: end.x, y2: end.y }];
    return [makeShape("line", { class: "link", ...from, ...to, "stroke-width": width })];
  });
}

/** @param {NodePlace} place @param {string} text @param {string} kind */
function drawNode({ x, y }, text, kind) {
  return [
    makeShape("circle", { class: `node ${kind}`, cx: x, cy: y, r: NODE_RADIUS }),
    makeShape("text", { class: "middle", x, y }, text),
  ];
}

/** The graph of the chosen contacts. @param {string} index
 * @param {{contact: Contact, rank: number}[]} chosen */
export function drawHopGraph(index, chosen) {
  const places = new Map([[index, placeOnRing(0, 0)]]);
  const hops = [...new Set(chosen.map(({ contact: { hop } }) => hop))];
  for (const hop of hops) {
    const ring = chosen.filter(({ contact }) => contact.hop === hop);
    placeRing(
      ring.map(({ contact }) => contact),
      places,
    );
  }
  const links = chosen.flatMap(({ contact }) => drawLinks(contact, places));
  const nodes = chosen.flatMap(({ contact: { person, hop }, rank }) => {
    const place = places.get(person);
    return place === undefined ? [] : drawNode(place, String(rank), `hop-${hop}`);
  });
  const middle = drawNode(placeOnRing(0, 0), "", "index");
  const name = joinWords(fill(tracerConsole.graphName, { n: chosen.length }));
  return makeDrawing(HEIGHT, name, [...links, ...middle, ...nodes]);
}
