// The check-in page, behind each venue's code. It registers this phone if necessary, and checks in at the
// venue. It shows the colour with a running clock, because the clock of a screenshot stands still. After a
// minute the colour becomes a receipt. The page's own address contains the venue's code, so a resident who
// registers first is then checked in at that venue.

import { prepareHealthQuestions } from "../form/health_questions.js";
import { PROOF_TRY_MS, prepareProofs } from "../form/proofs.js";
import { clearFieldErrors, showFieldError } from "../form/field_errors.js";
import { clearForm, readForm, showReview, showTerms } from "../form/registration_form.js";
import { learnHolderName, maskName } from "../codes/holder_name.js";
import { formatTimeOfDay } from "../lib/city_time.js";
import { now } from "../lib/clock.js";
import { findElement, makeHotlineLink, setText, setWords, showWords } from "../lib/element.js";
import { makeIdempotencyKey, sendOnce, sendWithRetry } from "../lib/http.js";
import { moveKeysWhenDue } from "../lib/registration/key_moves.js";
import { showNotices } from "../lib/notices.js";
import { isEndCode } from "../lib/registration/registration_end.js";
import { registerServiceWorker } from "../lib/service_worker.js";
import { deleteRegistration, readRegistration, saveRegistration } from "../lib/registration/stored_registration.js";
import { checkInPage, fill, problems, retryingWords, status } from "../lib/words.js";
import { showCompanions } from "../visit/companions.js";
import { readReceipt, saveReceipt, showReceipt } from "../visit/receipt.js";
import { sendCheckIn } from "../visit/request.js";
import { showHolder, showResult } from "../visit/result.js";
import { currentVenueCode, saveTicket } from "../visit/ticket.js";

/** @typedef {import("../codes/person_code.js").Registration} Registration */
/** @typedef {import("../lib/words.js").Words} Words */

/**
 * The state of the page, as the body's `data-state`.
 * @typedef {"asking" | "registering" | "confirming" | "submitting" | "checking-in" | "retrying" | "done" |
 *   "receipt" | "failed"} State
 */

/** Refusals after which the city may require other fields than this form has. */
const FORM_OUTDATED = ["document-unsupported", "sms-code-needed", "face-needed"];

/** Scanners and chat programs add a slash, a blank or a line feed to the address; the code ends before it. */
const venue = /^\/v\/\s*([\w-]+)/.exec(decodeEscapes(location.pathname))?.[1] ?? "";
let began = Date.now();
/** When the colour was shown. */
let shownAtMs = 0;
/** A colour is shown for a minute. After that it may be another person's screen, or an old one. */
const COLOUR_MS = 60_000;

/** A path with its escapes decoded, byte by byte. An invalid one stays. @param {string} path */
function decodeEscapes(path) {
  return path.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
}

/** The section of each state that has one. @type {Partial<Record<State, string>>} */
const SECTIONS = { registering: "registration", confirming: "confirmation", done: "result", receipt: "receipt" };

/** Shows the section of a state, and moves the focus to its heading. @param {State} state */
function setState(state) {
  const before = document.body.dataset.state;
  document.body.dataset.state = state;
  const shown = SECTIONS[state];
  for (const section of Object.values(SECTIONS)) {
    findElement(section).hidden = section !== shown;
  }
  // A section has a heading of its own.
  findElement("heading").hidden = shown !== undefined;
  findElement("leaving").hidden = state !== "done" && state !== "receipt";
  findElement("progress").hidden = state === "done" || state === "receipt";
  findElement("again").hidden = state !== "failed";
  if (state !== "retrying") {
    setText("waited", "");
  }
  if (shown !== undefined && state !== before) {
    focusHeading(shown);
  }
}

/** Moves the focus to a section's heading. It is framed only after the resident used the page: after a scan,
 * a frame would stand around the verdict. @param {string} section */
function focusHeading(section) {
  const heading = findElement(section).querySelector("h1");
  heading?.classList.toggle("unframed", navigator.userActivation?.hasBeenActive === false);
  heading?.focus();
}

/** A message, with the hotline if a problem names it.
 * @param {Words | null} words @param {string | undefined} [hotline] */
function showMessage(words, hotline) {
  findElement("problem-hotline").replaceChildren(...(hotline ? [makeHotlineLink(hotline)] : []));
  const line = findElement("message");
  if (words === null) {
    line.replaceChildren();
  } else {
    setWords(line, words);
    // The message stands below a long form, out of sight.
    findElement("progress").scrollIntoView({ block: "nearest" });
  }
}

/** The end of the wait for the next try, where the server shed the last one. */
let nextTryAtMs = 0;

/** @param {import("../lib/http.js").Pending} pending */
function showRetry({ waitMs, isShed }) {
  setState("retrying");
  nextTryAtMs = isShed ? Date.now() + waitMs : 0;
  showMessage(isShed ? null : retryingWords());
  showWait();
}

/** Counts the seconds: until the next try in a line, or since the first one on a bad signal. */
function showWait() {
  const [words, ms] =
    nextTryAtMs > 0 ? [checkInPage.queued, nextTryAtMs - Date.now()] : [checkInPage.waited, Date.now() - began];
  showWords("waited", fill(words, { seconds: Math.max(1, Math.round(ms / 1000)) }));
}

/** @param {any} problem */
function showFailure(problem) {
  showMessage(problems[problem.code] ?? status.unknownProblem, problem.hotline);
  setState("failed");
}

/** Shows the authority's notices after a check-in, which never waits for them. */
async function showCurrentNotices() {
  const answer = await sendOnce("/v1/notices");
  if (answer?.status === 200 && answer.body.notices.length > 0) {
    showNotices("notices", answer.body.notices);
  }
}

/** The check-in of this phone's holder at this venue. @param {Registration} registration */
function planOf(registration) {
  return { registration, venue: currentVenueCode(venue) };
}

/** @param {Registration} registration */
async function checkIn(registration) {
  setState("checking-in");
  showMessage(status.checkingIn);
  began = Date.now();
  const plan = planOf(registration);
  const answer = await sendCheckIn(plan, showRetry);
  if (answer.status === 200) {
    const { id, at, venue: found } = answer.body;
    saveReceipt({ code: venue, id, at, venue: found.name });
    shownAtMs = Date.now();
    showResult(answer.body);
    setState("done");
    showCompanions(plan);
    registerServiceWorker("/worker.js");
    void moveKeysWhenDue();
    void learnHolderName().then(showHolder);
    void showCurrentNotices();
    return;
  }
  if (isEndCode(answer.body.code)) {
    deleteRegistration(registration);
  }
  showFailure(answer.body);
}

/** Shows the receipt of this tab in place of a colour. A reload therefore sends no check-in. */
function openReceipt() {
  const receipt = readReceipt(venue);
  if (receipt !== null) {
    showReceipt(receipt);
    setState("receipt");
  }
}

async function leave() {
  const [registration, receipt, line] = [readRegistration(), readReceipt(venue), findElement("leave-status")];
  if (registration === null || receipt === null) {
    return;
  }
  setWords(line, checkInPage.leaving);
  const plan = { ...planOf(registration), direction: /** @type {const} */ ("out") };
  const answer = await sendCheckIn(plan, () => setWords(line, retryingWords()));
  if (answer.status === 200) {
    line.replaceChildren();
    saveReceipt({ ...receipt, left: answer.body.at });
    openReceipt();
    // The pressed button is gone.
    focusHeading("receipt");
  } else {
    setWords(line, problems[answer.body.code] ?? status.unknownProblem);
  }
}

/** Whether this tab shows the page again without a new scan of the code. */
function isReopened() {
  const [navigation] = performance.getEntriesByType("navigation");
  return /** @type {PerformanceNavigationTiming | undefined} */ (navigation)?.type !== "navigate";
}

/** Loads the fields that this city requires and a ticket for the venue's code, and shows the form.
 * @param {Words | null} words */
async function loadForm(words) {
  setState("asking");
  showMessage(status.pleaseWait);
  began = Date.now();
  const path = `/v1/registration?venue=${encodeURIComponent(currentVenueCode(venue))}`;
  const answer = await sendWithRetry(path, async () => undefined, showRetry);
  if (answer.status === 200) {
    if (answer.body.ticket !== undefined) {
      saveTicket({ code: venue, ...answer.body.ticket });
    }
    showTerms(answer.body);
    setState("registering");
    showMessage(words);
  } else {
    showFailure(answer.body);
  }
}

/** Whether another try would not help, or would use up one of the few that a person has.
 * @param {import("../lib/http.js").Answer} answer */
function isFinal(answer) {
  const isShed = answer.status === 429 || answer.status === 503;
  return !isShed || ["too-many", "registration-unavailable"].includes(answer.body.code);
}

async function register() {
  clearFieldErrors();
  const body = readForm();
  began = Date.now();
  setState("submitting");
  showMessage(status.registering);
  const options = { tryMs: PROOF_TRY_MS, isFinal, key: makeIdempotencyKey() };
  const answer = await sendWithRetry("/v1/people", async () => body, showRetry, options);
  const words = problems[answer.body.code] ?? status.unknownProblem;
  if (answer.status === 200) {
    saveRegistration({ ...answer.body, maskedName: maskName(body.name) });
    clearForm();
    if (answer.body.replaced === true) {
      setWords(findElement("replaced"), status.replaced);
    }
    await checkIn(answer.body);
  } else if (FORM_OUTDATED.includes(answer.body.code)) {
    await loadForm(words);
  } else {
    setState("registering");
    showMessage(words, answer.body.hotline);
    showFieldError(answer.body.code, "message");
  }
}

function start() {
  const registration = readRegistration();
  if (registration === null) {
    void loadForm(null);
  } else if (isReopened() && readReceipt(venue) !== null) {
    openReceipt();
  } else {
    void checkIn(registration);
  }
}

findElement("registration-form").addEventListener("submit", (event) => {
  event.preventDefault();
  showReview();
  setState("confirming");
  showMessage(null);
});
findElement("confirm").addEventListener("click", () => void register());
findElement("correct").addEventListener("click", () => setState("registering"));
prepareProofs(showMessage);
prepareHealthQuestions();
findElement("again").addEventListener("click", start);
findElement("check-in-again").addEventListener("click", () => {
  const registration = readRegistration();
  if (registration !== null) {
    void checkIn(registration);
  }
});
findElement("leave").addEventListener("click", () => void leave());
const tick = () => {
  setText("now", formatTimeOfDay(now()));
  const { state } = document.body.dataset;
  if (state === "done" && Date.now() - shownAtMs >= COLOUR_MS) {
    openReceipt();
  } else if (state === "retrying") {
    showWait();
  }
};
// A clock that appeared later would move the links below it.
tick();
setInterval(tick, 250);
start();
