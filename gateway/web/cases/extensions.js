// Extensions of a case: asked here, and approved on another tracer's console.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { findElement, findInput, findSelect, makeElement, makeWords, setWords, showOutcome } from "../lib/element.js";
import { fill, purposes, tracerConsole } from "../lib/words.js";
import { formatTime, fromInput, toInput } from "../lib/city_time.js";
import { casePath, currentCase } from "./answers/current_case.js";
import { create, readFree, refusalWords } from "./answers/tracer_api.js";
import { makeIdCell, makeTable, makeTimeCell, makeUnseen, makeWordCell } from "./table.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {{venue: string} | {hops: number}} WantedExtension What a question was refused for. */

/** What an extension asks for. @param {any} extension */
function describeWanted({ venue, hops, from, to }) {
  const parts = [
    ...(hops === undefined ? [] : [makeElement("div", makeWords(tracerConsole.hops), ` ${hops}`)]),
    ...(venue === undefined ? [] : [makeElement("div", makeWords(tracerConsole.venueId), ` ${venue}`)]),
    ...(from === undefined ? [] : [makeElement("div", makeWords(tracerConsole.windowFrom), ` ${formatTime(from)}`)]),
    ...(to === undefined ? [] : [makeElement("div", makeWords(tracerConsole.windowTo), ` ${formatTime(to)}`)]),
  ];
  return makeElement("td", ...parts);
}

/** @param {any} extension */
function describeState({ status, approved_by: approvedBy }) {
  return status === "approved"
    ? makeElement("td", makeWords(tracerConsole.approvedBy), ` ${approvedBy}`)
    : makeElement("td", makeWords(tracerConsole.waiting));
}

/** Lists the extensions of the case. */
export function showExtensions() {
  const { number, wanted, reason, askedBy, askedAt, status } = tracerConsole;
  const head = [number, wanted, reason, askedBy, askedAt, status];
  const rows = currentCase().extensions.map((/** @type {any} */ one) => [
    one.extension,
    describeWanted(one),
    one.reason,
    one.asked_by,
    makeTimeCell(one.asked),
    describeState(one),
  ]);
  const table = makeTable(tracerConsole.extensions, head, rows);
  findElement("extension-list").replaceChildren(...(rows.length === 0 ? [] : [table]));
}

function showFields() {
  const kind = findSelect("extension-kind").value;
  findElement("extension-venue-field").hidden = kind !== "venue";
  findElement("extension-window-fields").hidden = kind !== "window";
}

/** Prepares the form for a case that is opened now: its window can be made longer at both ends. */
export function resetExtensionForm() {
  const { from, to } = currentCase();
  findInput("extension-from").value = toInput(Date.parse(from));
  findInput("extension-to").value = toInput(Date.parse(to));
  showFields();
}

/** Opens the form for what a question was refused for. @param {WantedExtension} wanted */
export function startExtension(wanted) {
  const part = /** @type {HTMLDetailsElement} */ (findElement("extensions"));
  part.open = true;
  findSelect("extension-kind").value = "venue" in wanted ? "venue" : "hops";
  if ("venue" in wanted) {
    findInput("extension-venue").value = wanted.venue;
  }
  showFields();
  findInput("extension-reason").focus();
}

/** The form's members of the request. Of a window, only an end outside the case's window is asked for. */
function readWanted() {
  switch (findSelect("extension-kind").value) {
    case "venue":
      return { venue: findInput("extension-venue").value.trim().toLowerCase() };
    case "window": {
      const [fromMs, toMs] = [
        fromInput(findInput("extension-from").value),
        fromInput(findInput("extension-to").value),
      ];
      const { from, to } = currentCase();
      return {
        ...(fromMs < Date.parse(from) ? { from: new Date(fromMs).toISOString() } : {}),
        ...(toMs > Date.parse(to) ? { to: new Date(toMs).toISOString() } : {}),
      };
    }
    default:
      return { hops: 3 };
  }
}

/** Prepares the form. @param {() => Promise<unknown>} reload Reads the case again. */
export function prepareExtensions(reload) {
  findSelect("extension-kind").addEventListener("change", showFields);
  handleSubmit("extension-form", async (retrying) => {
    const reason = findInput("extension-reason").value;
    const answer = await create(casePath("/extensions"), { ...readWanted(), reason }, retrying);
    if (answer.status !== 200) {
      return refusalWords(answer);
    }
    findInput("extension-reason").value = "";
    await reload();
    return fill(tracerConsole.extensionAsked, { n: answer.body.extension });
  });
}

/** A button that approves another tracer's extension. @param {any} asked */
function makeApproveButton({ case: id, extension }) {
  const approve = makeActionButton(tracerConsole.approve, async (retrying) => {
    const answer = await create(`/v1/cases/${id}/extensions/${extension}/approve`, undefined, retrying);
    if (answer.status !== 200) {
      return refusalWords(answer);
    }
    await showPending(retrying);
    // The pressed button is gone with the old list.
    showOutcome(findElement("pending-status"), tracerConsole.approvalDone);
    return tracerConsole.approvalDone;
  });
  approve.querySelector("button")?.append(makeUnseen(`${id} ${extension}`));
  return approve;
}

/** Reads and lists the extensions that this tracer may approve. @param {() => void} retrying
 * @returns {Promise<Words>} */
async function showPending(retrying) {
  const answer = await readFree("/v1/extensions", retrying);
  if (answer.status !== 200) {
    return refusalWords(answer);
  }
  const { caseId, purpose, reference, wanted, reason, askedBy, askedAt, approve } = tracerConsole;
  const head = [caseId, purpose, reference, wanted, reason, askedBy, askedAt, approve];
  const rows = answer.body.extensions.map((/** @type {any} */ one) => [
    makeIdCell(one.case),
    makeWordCell(purposes, one.purpose),
    one.reference,
    describeWanted(one),
    one.reason,
    one.asked_by,
    makeTimeCell(one.asked),
    makeApproveButton(one),
  ]);
  const table = makeTable(tracerConsole.pending, head, rows);
  findElement("pending").replaceChildren(...(rows.length === 0 ? [] : [table]));
  return rows.length === 0 ? tracerConsole.noPending : fill(tracerConsole.waitingCount, { n: rows.length });
}

/** Prepares the list of extensions of other tracers. */
export async function preparePending() {
  const again = makeActionButton(tracerConsole.readPending, async (retrying) => {
    setWords(findElement("pending-status"), await showPending(retrying));
    return tracerConsole.upToDate;
  });
  findElement("pending-again").replaceChildren(again);
  setWords(findElement("pending-status"), await showPending(() => {}));
}
