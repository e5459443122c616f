// Reveals the person behind an id, one at a time and with a reason. Names that were revealed stay in the
// session, so the console reveals each of them once.

import { handleSubmit } from "../form/actions.js";
import { now } from "../lib/clock.js";
import { findElement, findInput } from "../lib/element.js";
import { documents, tracerConsole } from "../lib/words.js";
import { casePath, readNames, storeName } from "./answers/current_case.js";
import { create, refusalWords } from "./answers/tracer_api.js";
import { makeIdCell, makeTable, makeWordCell } from "./table.js";

/** Takes a person into the form. @param {string} person */
export function startReveal(person) {
  findInput("reveal-person").value = person;
  findInput("reveal-reason").focus();
}

/** Lists the names that were revealed in the case that is shown. */
export function showNames() {
  const rows = readNames().map(({ person, name, phone, document_type: document }) => [
    ...[makeIdCell(person), name, phone],
    makeWordCell(documents, document),
  ]);
  const { about, name: nameWords, phone: phoneWords, document: documentWords } = tracerConsole;
  const head = [about, nameWords, phoneWords, documentWords];
  const table = makeTable(tracerConsole.reveal, head, rows);
  findElement("revealed").replaceChildren(...(rows.length === 0 ? [] : [table]));
}

/** Prepares the form. @param {() => void} onRevealed Called when a name is new. */
export function prepareReveal(onRevealed) {
  handleSubmit("reveal-form", async (retrying) => {
    const person = findInput("reveal-person").value.trim().toLowerCase();
    const reason = findInput("reveal-reason").value;
    if (readNames().some((known) => known.person === person)) {
      return tracerConsole.revealDone;
    }
    const answer = await create(casePath("/reveal"), { person, reason }, retrying);
    if (answer.status !== 200) {
      return refusalWords(answer);
    }
    storeName(answer.body, now());
    findInput("reveal-reason").value = "";
    showNames();
    onRevealed();
    return tracerConsole.revealDone;
  });
}
