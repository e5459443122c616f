// The visits of the case's person, and the visits at a venue.

import { handleSubmit } from "../form/actions.js";
import { findElement, findInput, makeElement, makeWords } from "../lib/element.js";
import { certainties, evidences, fill, tracerConsole } from "../lib/words.js";
import { findAnswer } from "./answers/answer_store.js";
import { formatSpan } from "../lib/city_time.js";
import { saveFile, writeTable } from "./answers/csv.js";
import { casePath, currentCase, describeContext } from "./answers/current_case.js";
import { ask, refusalWords } from "./answers/tracer_api.js";
import { startExtension } from "./extensions.js";
import {
  focusAnswer,
  makeAnswerHead,
  makeButton,
  makeIdCell,
  makeMarksCell,
  makeTable,
  makeTimeCell,
  makeWordCell,
} from "./table.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("../form/actions.js").Action} Action */
/** @typedef {import("./answers/answer_store.js").StoredAnswer} StoredAnswer */
/**
 * A list of visits.
 * @typedef {object} VisitList
 * @property {string} name The beginning of the exported file's name.
 * @property {HTMLElement} place
 * @property {Words} exportWords
 * @property {Action} again
 */

const EXPORT_HEADER = ["id", "venue", "venue_name", "person", "from", "to", "certainty", "evidence", "marks"];

/** The question for the trail of the case. */
function trailQuestion() {
  return casePath("/trail");
}

/** The visits of the case's person, if the trail was read. @returns {any[]} */
export function knownTrail() {
  return findAnswer(trailQuestion())?.body.visits ?? [];
}

/** The time since the end of all earlier visits. @param {any} visit @param {number} endedMs */
function formatGap({ from }, endedMs) {
  const gapMs = Date.parse(from) - endedMs;
  return endedMs > 0 && gapMs > 0 ? formatSpan(Math.floor(gapMs / 1000)) : "–";
}

/** What all rows of visits end with. @param {any} visit */
function makeEnd({ from, to, certainty, evidence, marks }) {
  return [
    makeTimeCell(from),
    makeTimeCell(to),
    makeWordCell(certainties, certainty),
    makeWordCell(evidences, evidence),
    makeMarksCell(marks),
  ];
}

const END_HEAD = () => [
  tracerConsole.from,
  tracerConsole.to,
  tracerConsole.certainty,
  tracerConsole.evidence,
  tracerConsole.marks,
];

/** @param {any[]} visits */
function makeTrailRows(visits) {
  let endedMs = 0;
  return visits.map((visit) => {
    const gap = formatGap(visit, endedMs);
    endedMs = Math.max(endedMs, Date.parse(visit.to));
    return [visit.venue_name, makeIdCell(visit.venue), ...makeEnd(visit), gap];
  });
}

/** A button that saves visits as a file.
 * @param {VisitList} list @param {StoredAnswer} stored @param {any[]} visits */
function makeExportButton({ name, exportWords }, stored, visits) {
  return makeButton(exportWords, () => {
    const rows = visits.map(({ id, venue, venue_name, person, from, to, certainty, evidence, marks }) => [
      ...[id, venue, venue_name, person, from, to, certainty, evidence],
      marks.join(" "),
    ]);
    saveFile(`${name}-${currentCase().case}.csv`, writeTable(EXPORT_HEADER, rows, describeContext(stored)));
  });
}

/** @param {VisitList} list @param {StoredAnswer} stored @param {any[]} visits @param {Node} table */
function showVisits(list, stored, visits, table) {
  const count = makeElement("p", makeWords(fill(tracerConsole.visitsFound, { n: visits.length })));
  const shown = visits.length === 0 ? [] : [table];
  const head = makeAnswerHead(stored, list.again);
  list.place.replaceChildren(head, count, ...shown, makeExportButton(list, stored, visits));
}

/** @param {StoredAnswer} stored */
function showTrail(stored) {
  const { person } = currentCase();
  /** @type {VisitList} */
  const list = {
    name: "trail",
    place: findElement("trail"),
    exportWords: tracerConsole.exportTrail,
    again: async (retrying) => {
      const words = await readTrail(retrying, { again: true });
      focusAnswer(findElement("trail"));
      return words;
    },
  };
  const visits = stored.body.visits.map((/** @type {any} */ visit) => ({ ...visit, person }));
  const head = [tracerConsole.venue, tracerConsole.venueId, ...END_HEAD(), tracerConsole.gapBefore];
  showVisits(list, stored, visits, makeTable(tracerConsole.trail, head, makeTrailRows(visits)));
}

/** @param {() => void} retrying @param {{again?: boolean}} [options] @returns {Promise<Words>} */
async function readTrail(retrying, options) {
  const answer = await ask(trailQuestion(), retrying, options);
  if ("refusal" in answer) {
    return refusalWords(answer.refusal);
  }
  showTrail(answer.stored);
  return fill(tracerConsole.visitsFound, { n: answer.stored.body.visits.length });
}

/** @param {string} venue @param {StoredAnswer} stored */
function showVenue(venue, stored) {
  /** @type {VisitList} */
  const list = {
    name: "visits",
    place: findElement("venue-visits"),
    exportWords: tracerConsole.exportVisits,
    again: async (retrying) => {
      const words = await readVenue(venue, retrying, { again: true });
      focusAnswer(findElement("venue-visits"));
      return words;
    },
  };
  const { venue_name: venueName } = stored.body;
  const visits = stored.body.visits.map((/** @type {any} */ visit) => ({
    ...visit,
    venue,
    venue_name: venueName,
  }));
  const head = [tracerConsole.about, ...END_HEAD()];
  const rows = visits.map((/** @type {any} */ visit) => [makeIdCell(visit.person), ...makeEnd(visit)]);
  const [chinese, english] = tracerConsole.venueVisits;
  const caption = /** @type {Words} */ ([`${chinese} ${venueName}`, `${english} ${venueName}`]);
  showVisits(list, stored, visits, makeTable(caption, head, rows));
}

/** @param {string} venue @param {() => void} retrying @param {{again?: boolean}} [options]
 * @returns {Promise<Words>} */
async function readVenue(venue, retrying, options) {
  const answer = await ask(casePath(`/venues/${encodeURIComponent(venue)}/visits`), retrying, options);
  if ("refusal" in answer) {
    if (answer.refusal.body.code === "extension-needed") {
      startExtension({ venue });
      return tracerConsole.extensionNeeded;
    }
    return refusalWords(answer.refusal);
  }
  showVenue(venue, answer.stored);
  return fill(tracerConsole.visitsFound, { n: answer.stored.body.visits.length });
}

/** Shows what was read of a case that is opened now. */
export function showKnownVisits() {
  findElement("venue-visits").replaceChildren();
  findElement("trail").replaceChildren();
  const stored = findAnswer(trailQuestion());
  if (stored !== null) {
    showTrail(stored);
  }
}

/** Prepares both forms. */
export function prepareVisits() {
  handleSubmit("trail-form", (retrying) => readTrail(retrying));
  handleSubmit("venue-form", (retrying) => readVenue(findInput("venue").value.trim().toLowerCase(), retrying));
}
