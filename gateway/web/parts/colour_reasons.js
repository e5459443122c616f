// Why the colour is what it is, in full: what gave it, what clears it and when, how far the daily reports are, where
// one was, and who has looked at that.

import { preparePart } from "../lib/collapsible.js";
import { colourMark } from "../lib/colour.js";
import { element, hotline, list, make, say, terms, when } from "../lib/element.js";
import { read } from "../lib/resident_api.js";
import { both, directions, labels, verdicts } from "../lib/words.js";
import { lead } from "./reason_item.js";

/** The server keeps two weeks of them; these are the latest. */
const CHECK_INS_MAX = 50;

/** @typedef {[import("../lib/words.js").Words, string | Node]} Line */

/** @param {any} reason */
function reason({ text, clears_by, clears, link }) {
  /** @type {Line[]} */
  const lines = [[labels.clearsBy, clears_by]];
  if (clears !== null) {
    lines.push([labels.clears, when(clears)]);
  }
  return [make("strong", text), terms(lines), ...lead(link)];
}

/** @param {any} check_in */
function checkIn({ at, venue, direction, verdict }) {
  const way = both(directions[direction] ?? [direction, ""]);
  const said = verdict === null ? "" : ` · ${both(verdicts[verdict] ?? [verdict, ""])}`;
  return [venue.name ?? venue.id, make("small", when(at), ` · ${way}${said}`)];
}

/** @param {any} traced */
function look({ by, purpose, at, from, to }) {
  const span = make("span", when(from), " – ", when(to));
  const lines = terms([
    [labels.by, by],
    [labels.purpose, purpose],
    [labels.at, when(at)],
    [labels.window, span],
  ]);
  return [lines];
}

/** @param {{reported: number, needed: number}} progress */
export function progressWords({ reported, needed }) {
  return `健康打卡 ${reported}/${needed} 天 · daily reports: ${reported} of ${needed} days`;
}

/** @param {any} mine */
function show({ colour, reasons, progress, traced, check_ins, hotline: number }) {
  element("why-colour").replaceChildren(colourMark(colour));
  list("why-reasons", reasons.map(reason));
  say("why-progress", progress === null ? "" : progressWords(progress));
  list("why-traced", traced.map(look));
  list("why-check-ins", check_ins.slice(0, CHECK_INS_MAX).map(checkIn));
  element("why-hotline").replaceChildren(hotline(number));
}

/** Makes the part work. */
export function prepareReasons() {
  preparePart("why", (retrying) => read("", retrying), show);
}
