// The tracer console. A link brings the tracer's token. The console shows the tracer's cases, and then one of
// them: every question is asked for a case.

import { now } from "../lib/clock.js";
import { findElement, setWords, showOutcome } from "../lib/element.js";
import { forgetToken, reloadOnNewLink, takeToken } from "../lib/staff_token.js";
import { markStarted } from "../lib/started.js";
import { prepareView } from "../lib/view.js";
import { tracerConsole } from "../lib/words.js";
import { forgetAnswers } from "./answers/answer_store.js";
import { formatTime } from "../lib/city_time.js";
import { setSubject } from "./answers/current_case.js";
import { readFree, refusalWords, startSession } from "./answers/tracer_api.js";
import { loadCases, loadTerms, prepareNewCase } from "./case_list.js";
import { prepareCase, reloadCase, showCase } from "./case_page.js";
import { prepareContacts, showKnownContacts, updateNames } from "./contacts.js";
import { prepareExtensions, preparePending, resetExtensionForm } from "./extensions.js";
import { prepareReveal, showNames } from "./reveal.js";
import { prepareVisits, showKnownVisits } from "./visits.js";

/** @typedef {import("../lib/words.js").Words} Words */

const PLACE_OF_SUBJECT = "scangate-tracing-subject";
/** The longest wait of a browser's timer. **Units**: milliseconds. */
const TIMER_MS_MAX = 2_147_483_647;

/** Ends the session, and says why. @param {string} state @param {Words} words */
function endSession(state, words) {
  forgetToken(sessionStorage);
  forgetAnswers();
  document.body.dataset.state = state;
  for (const id of ["signed-in", "all-cases", "one-case"]) {
    findElement(id).hidden = true;
  }
  const line = findElement("sign-in");
  line.hidden = false;
  showOutcome(line, words);
}

/** Shows a case, and what was asked for it in this session. @param {string} id
 * @returns {Promise<Words | null>} Why it is not shown. */
async function openCase(id) {
  const answer = await readFree(`/v1/cases/${id}`, () => {});
  if (answer.status !== 200) {
    return refusalWords(answer);
  }
  for (const form of document.querySelectorAll("#one-case form")) {
    /** @type {HTMLFormElement} */ (form).reset();
    form.querySelector(".status")?.replaceChildren();
  }
  showCase(answer.body);
  resetExtensionForm();
  showKnownVisits();
  showKnownContacts();
  showNames();
  findElement("all-cases").hidden = true;
  findElement("one-case").hidden = false;
  document.body.dataset.state = "case";
  findElement("case-title").focus();
  return null;
}

/** Shows all cases. @param {Words | null} words What happened to the last one. */
async function showAll(words) {
  findElement("one-case").hidden = true;
  findElement("all-cases").hidden = false;
  document.body.dataset.state = "cases";
  findElement("list-title").focus();
  await Promise.all([loadTerms(() => {}), loadCases(openCase)]);
  if (words !== null) {
    setWords(findElement("list-status"), words);
  }
}

/** @param {import("../lib/staff_token.js").StaffToken} found */
async function start({ token, subject, endsAtMs }) {
  if (sessionStorage.getItem(PLACE_OF_SUBJECT) !== subject) {
    forgetAnswers();
    sessionStorage.setItem(PLACE_OF_SUBJECT, subject);
  }
  setSubject(subject);
  startSession(token, () => endSession("refused", tracerConsole.refused));
  const leftMs = endsAtMs - now();
  if (leftMs <= TIMER_MS_MAX) {
    setTimeout(() => endSession("ended", tracerConsole.ended), leftMs);
  }
  const isKnown = await loadTerms(() => {});
  if (!isKnown) {
    if (document.body.dataset.state === "starting") {
      setWords(findElement("sign-in"), tracerConsole.notDone);
    }
    return;
  }
  findElement("subject").textContent = subject;
  findElement("ends-at").textContent = formatTime(endsAtMs);
  findElement("sign-in").hidden = true;
  findElement("signed-in").hidden = false;
  prepareNewCase(openCase);
  prepareCase((words) => void showAll(words));
  prepareExtensions(reloadCase);
  prepareVisits();
  prepareContacts(reloadCase);
  prepareReveal(() => {
    updateNames();
    void reloadCase();
  });
  void preparePending();
  findElement("back").addEventListener("click", () => void showAll(null));
  findElement("sign-out").addEventListener("click", () => endSession("signed-out", tracerConsole.signIn));
  await showAll(null);
}

const found = takeToken(sessionStorage);
reloadOnNewLink();
if (found === null) {
  document.body.dataset.state = "signed-out";
} else if (found.role !== "tracer") {
  endSession("refused", tracerConsole.wrongRole);
} else if (found.endsAtMs <= now()) {
  endSession("ended", tracerConsole.ended);
} else {
  void start(found);
}
prepareView();
markStarted();
