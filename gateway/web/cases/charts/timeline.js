// The timeline: a lane a person, with the overlaps as bars. The first lane is the person of the case.

import { fill, joinWords, tracerConsole } from "../../lib/words.js";
import { formatTime } from "../../lib/city_time.js";
import { WIDTH, makeDrawing, makeShape } from "./svg.js";

/** @typedef {import("../answers/contact_filter.js").Contact} Contact */
/** @typedef {{fromMs: number, toMs: number}} Span */

/** The contacts that are drawn: more lanes do not fit on a screen. */
export const LANES_MAX = 20;
const LANE_HEIGHT = 26;
const BAR_HEIGHT = 16;
const AXIS_HEIGHT = 44;
const NAME_WIDTH = 190;
/** Marks on the axis at most. */
const TICKS_MAX = 7;
const MINUTE_MS = 60_000;
/** Distances between marks. **Units**: minutes. */
const STEPS = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880];
/** The beginning of the month in `2022-01-04 08:00:00`, and the end of the minute. */
const [MONTH_AT, MINUTE_END] = [5, 16];

/** @param {{from: string, to: string}} stretch @returns {Span} */
function spanOf({ from, to }) {
  return { fromMs: Date.parse(from), toMs: Date.parse(to) };
}

/** The times at which the axis has marks. @param {Span} whole */
function makeTicks({ fromMs, toMs }) {
  const wantedMs = (toMs - fromMs) / TICKS_MAX;
  const stepMs = (STEPS.find((minutes) => minutes * MINUTE_MS >= wantedMs) ?? 2880) * MINUTE_MS;
  const ticks = [];
  for (let at = Math.ceil(fromMs / stepMs) * stepMs; at <= toMs; at += stepMs) {
    ticks.push(at);
  }
  return ticks;
}

/** A function that gives the place of a time on the axis. @param {Span} whole */
function makeScale({ fromMs, toMs }) {
  const perMs = (WIDTH - NAME_WIDTH - 10) / Math.max(1, toMs - fromMs);
  return (/** @type {number} */ ms) => NAME_WIDTH + (ms - fromMs) * perMs;
}

/** @param {number} at @param {(ms: number) => number} scale @param {number} height */
function drawTick(at, scale, height) {
  const x = scale(at);
  const text = formatTime(at).slice(MONTH_AT, MINUTE_END);
  return [
    makeShape("line", { class: "axis", x1: x, x2: x, y1: AXIS_HEIGHT - 6, y2: height }),
    makeShape("text", { class: "middle", x: Math.min(x, WIDTH - 45), y: AXIS_HEIGHT - 20 }, text),
  ];
}

/** @param {Span} span @param {number} y @param {string} kind @param {(ms: number) => number} scale */
function drawBar({ fromMs, toMs }, y, kind, scale) {
  const [x, end] = [scale(fromMs), scale(toMs)];
  return makeShape("rect", { class: kind, x, y, width: Math.max(2, end - x), height: BAR_HEIGHT });
}

/** @param {string} name @param {number} lane */
function drawName(name, lane) {
  return makeShape("text", { x: 4, y: AXIS_HEIGHT + lane * LANE_HEIGHT + BAR_HEIGHT }, name);
}

/** The timeline of the first contacts.
 * @param {string} index @param {{from: string, to: string}[]} visits The visits of the case's person.
 * @param {Contact[]} contacts In the order of their ranks. */
export function drawTimeline(index, visits, contacts) {
  const lanes = contacts.slice(0, LANES_MAX);
  const encounters = lanes.flatMap(({ encounters: met }) => met);
  const spans = [...visits, ...encounters].map(spanOf);
  const whole = {
    fromMs: spans.reduce((first, { fromMs }) => Math.min(first, fromMs), Infinity),
    toMs: spans.reduce((last, { toMs }) => Math.max(last, toMs), -Infinity),
  };
  const height = AXIS_HEIGHT + (lanes.length + 1) * LANE_HEIGHT;
  const scale = makeScale(whole);
  const top = (/** @type {number} */ lane) => AXIS_HEIGHT + lane * LANE_HEIGHT + 3;
  const met = encounters.filter(({ via }) => via === index);
  const own = [
    ...met.map((encounter) => drawBar(spanOf(encounter), top(0), "shade", scale)),
    ...visits.map((visit) => drawBar(spanOf(visit), top(0), "visit", scale)),
  ];
  const others = lanes.flatMap((contact, at) => {
    const kind = contact.hop === 1 ? "overlap" : "further";
    const bars = contact.encounters.map((encounter) => drawBar(spanOf(encounter), top(at + 1), kind, scale));
    return [drawName(`${at + 1} · ${contact.person}`, at + 1), ...bars];
  });
  const axis = makeTicks(whole).flatMap((at) => drawTick(at, scale, height));
  const name = joinWords(fill(tracerConsole.timelineName, { n: lanes.length + 1 }));
  return makeDrawing(height, name, [...axis, drawName(index, 0), ...own, ...others]);
}
