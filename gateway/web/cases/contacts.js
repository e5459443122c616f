// The contacts of the case's person: ranked at a threshold, as tables, on a timeline and as a graph. One
// answer serves all thresholds of the first hop. Further hops are asked once for each threshold.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { findElement, findInput, findSelect, makeElement, makeWords } from "../lib/element.js";
import { certainties, evidences, fill, joinWords, tracerConsole } from "../lib/words.js";
import { findAnswer } from "./answers/answer_store.js";
import { formatSpan } from "../lib/city_time.js";
import { filterContacts, longestSeconds } from "./answers/contact_filter.js";
import { saveFile, writeTable } from "./answers/csv.js";
import { casePath, currentCase, describeContext, findName } from "./answers/current_case.js";
import { ask, refusalWords } from "./answers/tracer_api.js";
import { RING_MAX, chooseGraphContacts, drawHopGraph, sumByVia } from "./charts/hop_graph.js";
import { LANES_MAX, drawTimeline } from "./charts/timeline.js";
import { startExtension } from "./extensions.js";
import { startReveal } from "./reveal.js";
import {
  focusAnswer,
  makeAnswerHead,
  makeButton,
  makeIdCell,
  makeMarksCell,
  makeQuiet,
  makeRowButton,
  makeTable,
  makeTimeCell,
  makeWordCell,
} from "./table.js";
import { knownTrail } from "./visits.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("./answers/answer_store.js").StoredAnswer} StoredAnswer */
/** @typedef {import("./answers/contact_filter.js").Contact} Contact */

/** The rows that a table has at first, and that a button adds. */
const ROWS_STEP = 100;
const MINUTE_S = 60;
/** The slider's end, where the longest encounter is longer. **Units**: minutes. */
const THRESHOLD_MINUTES_MAX = 240;
/** The threshold of a question whose answer has all encounters. **Units**: seconds. */
const ALL = 1;
const HOPS_MAX = 3;

const EXPORT_HEADER = [
  ...["rank", "person", "name", "hop", "overlap_s", "present_s", "venue", "venue_name", "from", "to"],
  ...["encounter_s", "certainty", "via", "evidence", "via_evidence", "marks"],
];

/** @type {{hops: number, rows: number}} The question that is shown, and how many rows. */
let view = { hops: 0, rows: ROWS_STEP };

/** @param {number} hops @param {number} minOverlapS */
function questionOf(hops, minOverlapS) {
  return casePath(`/co-presence?hops=${hops}&min_overlap_s=${minOverlapS}`);
}

/** The stored answer to a question. One over more hops has its contacts as well.
 * @param {number} hops @param {number} minOverlapS @returns {StoredAnswer | null} */
function findKnown(hops, minOverlapS) {
  for (let asked = hops; asked <= HOPS_MAX; asked += 1) {
    const stored = findAnswer(questionOf(asked, minOverlapS));
    if (stored !== null) {
      const contacts = stored.body.contacts.filter((/** @type {Contact} */ { hop }) => hop <= hops);
      return { ...stored, body: { ...stored.body, contacts } };
    }
  }
  return null;
}

/** The chosen threshold. **Units**: seconds. */
function readThreshold() {
  return Math.max(ALL, findInput("threshold").valueAsNumber * MINUTE_S);
}

/** @param {number} seconds @returns {Words} */
function formatThreshold(seconds) {
  return seconds < MINUTE_S
    ? tracerConsole.thresholdSecond
    : fill(tracerConsole.thresholdMinutes, { n: seconds / MINUTE_S });
}

/** The contacts at the threshold, the answer that has them, and the threshold of its question.
 * @param {StoredAnswer} all @param {number} threshold */
function chooseContacts(all, threshold) {
  const exact = findKnown(view.hops, threshold);
  if (exact !== null) {
    return { contacts: /** @type {Contact[]} */ (exact.body.contacts), stored: exact, asked: threshold };
  }
  const first = all.body.contacts.filter((/** @type {Contact} */ { hop }) => hop === 1);
  return { contacts: filterContacts(first, threshold), stored: all, asked: ALL };
}

/** @param {Contact} contact @param {number} at */
function makeContactRow({ person, hop, overlap_s: overlapS, present_s: presentS, encounters }, at) {
  const name = findName(person);
  const reveal = makeRowButton(tracerConsole.revealChoose, person, () => startReveal(person));
  return [
    ...[at + 1, makeIdCell(person), hop, formatSpan(overlapS), formatSpan(presentS), encounters.length],
    name === "" ? reveal : name,
  ];
}

/** @param {Contact[]} contacts */
function makeEncounterRows(contacts) {
  return contacts.flatMap(({ person, encounters }, at) =>
    encounters.map((met) => [
      at + 1,
      makeIdCell(person),
      met.venue_name,
      makeTimeCell(met.from),
      makeTimeCell(met.to),
      formatSpan(met.overlap_s),
      makeWordCell(certainties, met.certainty),
      makeWordCell(evidences, met.evidence),
      makeMarksCell(met.marks),
      makeIdCell(met.via),
    ]),
  );
}

/** A table that is closed at first. @param {Words} words @param {Node} table */
function makeClosedTable(words, table) {
  return makeElement("details", makeElement("summary", makeWords(words)), table);
}

/** @param {Contact[]} contacts */
function showTimeline(contacts) {
  const { person } = currentCase();
  const { rank, about, venue, from, to, overlap, certainty, evidence, marks, via } = tracerConsole;
  const head = [rank, about, venue, from, to, overlap, certainty, evidence, marks, via];
  const table = makeTable(tracerConsole.encounters, head, makeEncounterRows(contacts.slice(0, view.rows)));
  const shown = fill(tracerConsole.encountersShown, { n: Math.min(contacts.length, view.rows) });
  const drawing = contacts.length === 0 ? [] : [drawTimeline(person, knownTrail(), contacts)];
  const hint = makeQuiet(fill(tracerConsole.timelineHint, { n: LANES_MAX }));
  findElement("timeline").replaceChildren(hint, ...drawing, makeClosedTable(shown, table));
}

/** @param {Contact[]} contacts */
function showGraph(contacts) {
  const { person: index } = currentCase();
  const chosen = chooseGraphContacts(contacts);
  const rows = chosen.flatMap(({ contact, rank }) =>
    [...sumByVia(contact)].map(([via, seconds]) => [
      ...[rank, makeIdCell(contact.person), contact.hop],
      via === index ? makeElement("td", makeWords(tracerConsole.index)) : makeIdCell(via),
      formatSpan(seconds),
    ]),
  );
  const { rank: rankWords, about, hop, via: viaWords, overlap } = tracerConsole;
  const table = makeTable(tracerConsole.graph, [rankWords, about, hop, viaWords, overlap], rows);
  const drawing = chosen.length === 0 ? [] : [drawHopGraph(index, chosen)];
  const hint = makeQuiet(fill(tracerConsole.graphHint, { n: RING_MAX }));
  findElement("graph").replaceChildren(hint, ...drawing, makeClosedTable(tracerConsole.graphTable, table));
}

/** @param {{contacts: Contact[], stored: StoredAnswer, asked: number}} chosen @param {number} threshold */
function exportContacts({ contacts, stored, asked }, threshold) {
  const rows = contacts.flatMap(({ person, hop, overlap_s, present_s, encounters }, at) =>
    encounters.map((met) => [
      ...[at + 1, person, findName(person), hop, overlap_s, present_s, met.venue, met.venue_name],
      ...[met.from, met.to, met.overlap_s, met.certainty, met.via, met.evidence, met.via_evidence],
      met.marks.join(" "),
    ]),
  );
  const context = describeContext(stored, [
    ["min_overlap_s", threshold],
    ["hops", asked === threshold ? view.hops : 1],
  ]);
  saveFile(`contacts-${currentCase().case}.csv`, writeTable(EXPORT_HEADER, rows, context));
}

/** @param {{contacts: Contact[], stored: StoredAnswer, asked: number}} chosen @param {number} threshold */
function showTable(chosen, threshold) {
  const { contacts, stored, asked } = chosen;
  const { rank, about, hop, overlap, present, encounters, name } = tracerConsole;
  const head = [rank, about, hop, overlap, present, encounters, name];
  const rows = contacts.slice(0, view.rows).map(makeContactRow);
  const more = makeButton(tracerConsole.moreRows, () => {
    view = { ...view, rows: view.rows + ROWS_STEP };
    showContacts();
  });
  findElement("contacts").replaceChildren(
    makeAnswerHead(stored, (retrying) => askAndFocus(asked, retrying, { again: true })),
    makeElement("p", makeWords(fill(tracerConsole.contactsFound, { n: contacts.length }))),
    ...(rows.length === 0 ? [] : [makeTable(tracerConsole.contacts, head, rows)]),
    ...(contacts.length > view.rows ? [more] : []),
    makeButton(tracerConsole.exportContacts, () => exportContacts(chosen, threshold)),
  );
}

/** Offers the question for the further hops at a threshold. @param {number} threshold */
function offerFurther(threshold) {
  const text = fill(tracerConsole.furtherUnasked, { n: threshold / MINUTE_S });
  const button = makeActionButton(tracerConsole.askFurther, (retrying) => askAndFocus(threshold, retrying));
  findElement("further").replaceChildren(makeElement("p", makeWords(text)), button);
}

/** Shows the stored answer at the threshold of the slider. */
function showContacts() {
  const all = findKnown(view.hops, ALL);
  if (all === null) {
    return;
  }
  const longest = Math.ceil(longestSeconds(all.body.contacts) / MINUTE_S);
  findInput("threshold").max = String(Math.min(THRESHOLD_MINUTES_MAX, Math.max(1, longest)));
  const threshold = readThreshold();
  const words = formatThreshold(threshold);
  findElement("threshold-value").replaceChildren(makeWords(words));
  findInput("threshold").setAttribute("aria-valuetext", joinWords(words));
  const chosen = chooseContacts(all, threshold);
  findElement("further").replaceChildren();
  if (view.hops > 1 && chosen.asked !== threshold) {
    offerFurther(threshold);
  }
  showTable(chosen, threshold);
  showTimeline(chosen.contacts);
  showGraph(chosen.contacts);
  findElement("contacts-answer").hidden = false;
}

/** @param {number} threshold @param {() => void} retrying @param {{again?: boolean}} [options]
 * @returns {Promise<Words>} */
async function askContacts(threshold, retrying, options) {
  const known = options?.again ? null : findKnown(view.hops, threshold);
  const question = questionOf(view.hops, threshold);
  const answer = known === null ? await ask(question, retrying, options) : { stored: known };
  if ("refusal" in answer) {
    if (answer.refusal.body.code === "extension-needed") {
      startExtension({ hops: view.hops });
      return tracerConsole.extensionNeeded;
    }
    return refusalWords(answer.refusal);
  }
  showContacts();
  return fill(tracerConsole.contactsFound, { n: answer.stored.body.contacts.length });
}

/** Asks, and moves the focus to the answer: the pressed button is gone with the old one.
 * @type {typeof askContacts} */
async function askAndFocus(threshold, retrying, options) {
  const words = await askContacts(threshold, retrying, options);
  focusAnswer(findElement("contacts"));
  return words;
}

/** Shows what was asked of a case that is opened now. */
export function showKnownContacts() {
  findElement("contacts-answer").hidden = true;
  findInput("threshold").value = "0";
  const hops = [HOPS_MAX, 2, 1].find((number) => findAnswer(questionOf(number, ALL)) !== null);
  view = { hops: hops ?? 0, rows: ROWS_STEP };
  if (hops !== undefined) {
    findSelect("hops").value = String(hops);
    showContacts();
  }
}

/** Prepares the question and the slider. @param {() => Promise<unknown>} reload Reads the case again. */
export function prepareContacts(reload) {
  findInput("threshold").addEventListener("input", showContacts);
  handleSubmit("contacts-form", async (retrying) => {
    view = { hops: Number(findSelect("hops").value), rows: ROWS_STEP };
    const words = await askContacts(ALL, retrying);
    void reload();
    return words;
  });
}

/** Shows the contacts again, with a name that was revealed. */
export function updateNames() {
  if (view.hops > 0) {
    showContacts();
  }
}
