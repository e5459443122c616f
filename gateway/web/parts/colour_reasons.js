// The full reasons for the resident's colour: the rules that set it, what clears it and when, and the
// progress of the daily reports. Also the latest check-ins, and the authority's look-ups of them.

import { prepareLoadedPart } from "./collapsible.js";
import { makeColourMark } from "../lib/colour.js";
import {
  findElement,
  makeDefinitions,
  makeElement,
  makeHotlineLink,
  makeTime,
  makeWords,
  showList,
} from "../lib/element.js";
import { readOwn } from "../lib/resident_api.js";
import { directions, fill, labels, resident, verdicts, wordsOf } from "../lib/words.js";
import { makeClearing, makeClearingLinks } from "./reason_item.js";

/** The number of latest check-ins shown. The server stores those of two weeks. */
const CHECK_INS_MAX = 50;

/** @typedef {[import("../lib/words.js").Words, string | Node]} Line */

/** @param {any} reason */
function formatReason(reason) {
  const words = makeElement("strong", makeWords(wordsOf(reason.words)));
  return [words, makeDefinitions([makeClearing(reason)]), ...makeClearingLinks(reason.link)];
}

/** @param {any} check_in */
function formatCheckIn({ at, venue, direction, verdict }) {
  const way = makeWords(directions[direction] ?? [direction, ""]);
  const said = verdict === null ? [] : [" · ", makeWords(verdicts[verdict] ?? [verdict, ""])];
  return [venue.name ?? venue.id, makeElement("small", makeTime(at), " · ", way, ...said)];
}

/** @param {any} traced */
function formatAccess({ by, purpose, office, at, from, to, revealed }) {
  const span = makeElement("span", makeTime(from), " – ", makeTime(to));
  /** @type {Line[]} */
  const lines = [
    [labels.by, by],
    [labels.office, office],
    [labels.purpose, purpose],
    [labels.at, makeTime(at)],
    [labels.window, span],
  ];
  if (revealed !== undefined) {
    lines.push([labels.revealed, makeTime(revealed)]);
  }
  return [makeDefinitions(lines)];
}

/** @param {{reported: number, needed: number}} progress */
export function formatProgress({ reported, needed }) {
  return fill(resident.reportProgress, { reported, needed });
}

/** @param {any} mine */
function show({ colour, reasons, progress, traced, check_ins, hotline: number }) {
  findElement("why-colour").replaceChildren(makeColourMark(colour));
  showList("why-reasons", reasons.map(formatReason));
  findElement("why-progress").replaceChildren(...(progress === null ? [] : [makeWords(formatProgress(progress))]));
  showList("why-traced", traced.map(formatAccess));
  showList("why-check-ins", check_ins.slice(0, CHECK_INS_MAX).map(formatCheckIn));
  findElement("why-hotline").replaceChildren(makeHotlineLink(number));
}

/** Prepares this part of the page. */
export function prepareColourReasons() {
  prepareLoadedPart("why", (retrying) => readOwn("", retrying), show);
}
