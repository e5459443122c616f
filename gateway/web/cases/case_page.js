// One case: what it is, its budget, its notes, handing it over and closing it.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { findElement, findInput, makeDefinitions, makeElement, makeWords, showList } from "../lib/element.js";
import { fill, purposes, tracerConsole } from "../lib/words.js";
import { formatTime } from "../lib/city_time.js";
import { casePath, currentCase, setCurrentCase } from "./answers/current_case.js";
import { change, readFree, refusalWords } from "./answers/tracer_api.js";
import { deletionOf, describeBudget, describeTelling, joinParts } from "./case_list.js";
import { showExtensions } from "./extensions.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("../lib/http.js").Answer} Answer */

/** @param {any} found */
function makeAbout(found) {
  const { person, purpose, reference, office, from, to, opened, kept_from: keptFrom, status, used, left } = found;
  const deletion = deletionOf(found);
  const known = purposes[purpose];
  const state = status === "open" ? tracerConsole.openStatus : tracerConsole.closedStatus;
  const dates = { from: formatTime(deletion.from), to: formatTime(deletion.to) };
  const kept = fill(tracerConsole.keptFrom, { at: formatTime(keptFrom ?? from) });
  const telling = describeTelling().map((words) => makeElement("p", makeWords(words)));
  return makeDefinitions([
    [tracerConsole.about, person],
    [tracerConsole.purpose, known === undefined ? purpose : makeWords(known)],
    [tracerConsole.reference, reference],
    [tracerConsole.office, office],
    [tracerConsole.window, `${formatTime(from)} – ${formatTime(to)}`],
    ...(keptFrom === undefined ? [] : [/** @type {[Words, Node]} */ ([tracerConsole.window, makeWords(kept)])]),
    [tracerConsole.opened, formatTime(opened)],
    [tracerConsole.status, makeWords(state)],
    [tracerConsole.deleted, makeWords(fill(tracerConsole.deletedValue, dates))],
    [tracerConsole.tellWho, makeElement("div", ...telling)],
    [tracerConsole.used, makeWords(fill(tracerConsole.usedValue, used))],
    [tracerConsole.budget, makeWords(joinParts(describeBudget(left)))],
  ]);
}

/** Shows the case as the gateway describes it now. @param {any} found */
export function showCase(found) {
  setCurrentCase(found);
  const title = findElement("case-title");
  title.replaceChildren(makeWords(tracerConsole.case), ` ${found.case}`);
  findElement("case-about").replaceChildren(makeAbout(found));
  const note = (/** @type {any} */ { at, by, note: text }) => [
    text,
    makeElement("small", `${by}, ${formatTime(at)}`),
  ];
  showList("notes", found.notes.map(note));
  showExtensions();
}

/** Reads the case again. @param {() => void} [retrying] @returns {Promise<Words>} */
export async function reloadCase(retrying = () => {}) {
  const answer = await readFree(casePath(), retrying);
  if (answer.status !== 200) {
    return refusalWords(answer);
  }
  showCase(answer.body);
  return tracerConsole.upToDate;
}

/** Whether the gateway's case has what a try without an answer was to change.
 * @param {(found: any) => boolean} isChanged @returns {() => Promise<Answer | null>} */
function recoverBy(isChanged) {
  return async () => {
    const answer = await readFree(casePath(), () => {});
    return answer.status === 200 && isChanged(answer.body) ? answer : null;
  };
}

async function addNote(/** @type {() => void} */ retrying) {
  const note = findInput("note").value;
  const before = currentCase().notes.length;
  const isNew = (/** @type {any} */ one) => one.note === note.trim();
  const recover = recoverBy(({ notes }) => notes.slice(before).some(isNew));
  const answer = await change(casePath(), { note }, retrying, recover);
  if (answer.status !== 200) {
    return refusalWords(answer);
  }
  findInput("note").value = "";
  showCase(answer.body);
  return tracerConsole.noted;
}

async function closeCase(/** @type {() => void} */ retrying) {
  if (!findInput("close-sure").checked) {
    return tracerConsole.tickFirst;
  }
  const answer = await change(casePath(), { status: "closed" }, retrying, async () => null);
  if (answer.status !== 200) {
    return refusalWords(answer);
  }
  showCase(answer.body);
  return tracerConsole.closeDone;
}

/** Prepares the forms of a case. @param {(words: Words) => void} onGone Called when the case is another
 * tracer's now. */
export function prepareCase(onGone) {
  findElement("case-again").replaceChildren(makeActionButton(tracerConsole.reread, reloadCase));
  handleSubmit("note-form", addNote);
  handleSubmit("close-form", closeCase);
  handleSubmit("hand-over", async (retrying) => {
    const tracer = findInput("other-tracer").value.trim();
    const id = currentCase().case;
    const gone = async () => {
      const answer = await readFree(`/v1/cases/${id}`, () => {});
      return answer.status === 404 ? { status: 200, body: {} } : null;
    };
    const answer = await change(`/v1/cases/${id}`, { tracer }, retrying, gone);
    if (answer.status !== 200) {
      return refusalWords(answer);
    }
    const words = fill(tracerConsole.handedOver, { tracer });
    findInput("other-tracer").value = "";
    onGone(words);
    return words;
  });
}
