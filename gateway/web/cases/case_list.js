// All that stands before a case: the budget, who will see a trace, the tracer's cases, and the form of a new
// one.

import { handleSubmit } from "../form/actions.js";
import { now } from "../lib/clock.js";
import { findElement, findInput, findSelect, makeElement, makeWords, setWords, showList } from "../lib/element.js";
import { fill, joinWords, purposes, tracerConsole } from "../lib/words.js";
import { formatTime, fromInput, toInput, useZone } from "../lib/city_time.js";
import { create, readFree, refusalWords } from "./answers/tracer_api.js";
import { makeIdCell, makeRowButton, makeTable, makeTimeCell, makeWordCell } from "./table.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {(id: string) => Promise<Words | null>} OpenCase Shows a case, or returns why it cannot. */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The terms of tracing, as the gateway has them. @type {any} */
let terms = { purposes: [], tell_after_ms: 0, retention_days: 1, zone: "", left: { cases: 0, persons: 0 } };

/** The days of UTC on which the check-ins of a window are deleted.
 * @param {{from: string, to: string}} window */
export function deletionOf({ from, to }) {
  const dayAfter = (/** @type {number} */ ms) => (Math.floor(ms / DAY_MS) + terms.retention_days + 1) * DAY_MS;
  return { from: dayAfter(Date.parse(from)), to: dayAfter(Date.parse(to) - 1) };
}

/** Who learns of a trace, and when. @returns {Words[]} */
export function describeTelling() {
  const hours = Math.round((terms.tell_after_ms / HOUR_MS) * 10) / 10;
  return [tracerConsole.tellIndex, fill(tracerConsole.tellOthers, { hours }), tracerConsole.tellRevealed];
}

/** @param {any} left @returns {Words[]} */
export function describeBudget({ cases, persons, reveals }) {
  return [
    fill(tracerConsole.casesLeft, { n: cases }),
    fill(tracerConsole.personsLeft, { n: persons }),
    ...(reveals === undefined ? [] : [fill(tracerConsole.revealsLeft, { n: reveals })]),
  ];
}

/** Parts of a line in both languages. @param {Words[]} parts @returns {Words} */
export function joinParts(parts) {
  return [parts.map(([chinese]) => chinese).join("，"), parts.map(([, english]) => english).join(", ")];
}

/** Reads the terms. @param {() => void} retrying @returns {Promise<boolean>} Whether they are known. */
export async function loadTerms(retrying) {
  const answer = await readFree("/v1/tracing", retrying);
  if (answer.status !== 200) {
    return false;
  }
  terms = answer.body;
  useZone(terms.zone);
  setWords(findElement("budget"), joinParts(describeBudget(terms.left)));
  showList(
    "tell",
    describeTelling().map((words) => [makeWords(words)]),
  );
  findElement("zone").replaceChildren(makeWords(fill(tracerConsole.timesIn, { zone: terms.zone })));
  const options = terms.purposes.map((/** @type {string} */ purpose) => {
    const words = purposes[purpose];
    return new Option(words === undefined ? purpose : joinWords(words), purpose);
  });
  findSelect("new-purpose").replaceChildren(...options);
  return true;
}

/** Offers the whole time that is kept. */
function setWindow() {
  findInput("new-from").value = toInput(now() - terms.retention_days * DAY_MS);
  findInput("new-to").value = toInput(now());
}

/** @param {any} found @param {OpenCase} openCase */
function makeCaseRow(found, openCase) {
  const { case: id, person, purpose, reference, from, to, opened, status } = found;
  const show = makeRowButton(tracerConsole.show, id, async () => {
    const refusal = await openCase(id);
    if (refusal !== null) {
      setWords(findElement("list-status"), refusal);
    }
  });
  return [
    ...[makeIdCell(id), reference, makeWordCell(purposes, purpose), makeIdCell(person)],
    ...[makeTimeCell(from), makeTimeCell(to), makeTimeCell(opened)],
    makeElement("td", makeWords(status === "open" ? tracerConsole.openStatus : tracerConsole.closedStatus)),
    show,
  ];
}

/** Reads and lists the tracer's cases, newest first. @param {OpenCase} openCase */
export async function loadCases(openCase) {
  const answer = await readFree("/v1/cases", () => {});
  if (answer.status !== 200) {
    setWords(findElement("list-status"), refusalWords(answer));
    return;
  }
  const { caseId, reference, purpose, about, windowFrom, windowTo, opened, status, show } = tracerConsole;
  const head = [caseId, reference, purpose, about, windowFrom, windowTo, opened, status, show];
  const rows = answer.body.cases.reverse().map((/** @type {any} */ found) => makeCaseRow(found, openCase));
  const table = makeTable(tracerConsole.myCases, head, rows);
  findElement("case-list").replaceChildren(...(rows.length === 0 ? [] : [table]));
  findElement("list-status").replaceChildren(...(rows.length === 0 ? [makeWords(tracerConsole.noCases)] : []));
}

/** A person's id in lower case; a code or a certificate as it was scanned. @param {string} text */
function readPerson(text) {
  const whole = text.trim();
  return /^p[0-9a-z]{13}$/i.test(whole) ? whole.toLowerCase() : whole;
}

/** Prepares the form of a new case. @param {OpenCase} openCase */
export function prepareNewCase(openCase) {
  setWindow();
  handleSubmit("new-case", async (retrying) => {
    const answer = await create(
      "/v1/cases",
      {
        person: readPerson(findInput("new-person").value),
        purpose: findSelect("new-purpose").value,
        reference: findInput("new-reference").value,
        from: new Date(fromInput(findInput("new-from").value)).toISOString(),
        to: new Date(fromInput(findInput("new-to").value)).toISOString(),
      },
      retrying,
    );
    if (answer.status !== 200) {
      return refusalWords(answer);
    }
    findInput("new-person").value = "";
    const refusal = await openCase(answer.body.case);
    const { kept_from: keptFrom } = answer.body;
    const opened =
      keptFrom === undefined
        ? tracerConsole.caseOpened
        : fill(tracerConsole.keptFrom, { at: formatTime(keptFrom) });
    return refusal ?? opened;
  });
}
