// The check-in page, behind each venue's code. It registers this phone if necessary, and checks in at the
// venue. It shows the colour with a running clock, because the clock of a screenshot stands still. The page's
// own address contains the venue's code, so a resident who registers first is then checked in at that venue.

import { prepareHealthQuestions } from "../form/health_questions.js";
import { PROOF_TRY_MS, prepareProofs } from "../form/proofs.js";
import { clearForm, readForm, showReview, showTerms } from "../form/registration_form.js";
import { now, setServerTime } from "../lib/clock.js";
import { showColour } from "../lib/colour.js";
import {
  findElement,
  makeElement,
  makeExternalLink,
  makeHotlineLink,
  makeLine,
  makeWords,
  setText,
  setWords,
  showWords,
} from "../lib/element.js";
import { makeIdempotencyKey, sendOnce, sendWithRetry } from "../lib/http.js";
import { moveKeysWhenDue } from "../lib/key_moves.js";
import { showNotices } from "../lib/notices.js";
import { currentStep, makePersonCode } from "../lib/person_code.js";
import { isEndCode, sendSettled } from "../lib/registration_end.js";
import { registerServiceWorker } from "../lib/service_worker.js";
import { deleteRegistration, readRegistration, saveRegistration } from "../lib/stored_registration.js";
import { checkInPage, checks, fill, problems, retryingWords, status, verdicts, wordsOf } from "../lib/words.js";

/** @typedef {import("../lib/person_code.js").Registration} Registration */
/** @typedef {import("../lib/words.js").Words} Words */

/**
 * The state of the page, as the body's `data-state`.
 * @typedef {"asking" | "registering" | "confirming" | "submitting" | "checking-in" | "retrying" | "done" |
 *   "failed"} State
 */

/** Refusals after which the city may require other fields than this form has. */
const FORM_OUTDATED = ["document-unsupported", "sms-code-needed", "face-needed"];

/** Scanners and chat programs add a slash, a blank or a line feed to the address; the code ends before it. */
const venue = /^\/v\/\s*([\w-]+)/.exec(decodeEscapes(location.pathname))?.[1] ?? "";
let began = Date.now();

/** A path with its escapes decoded, byte by byte. An invalid one stays. @param {string} path */
function decodeEscapes(path) {
  return path.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
}

/** @param {State} state */
function setState(state) {
  document.body.dataset.state = state;
  findElement("registration").hidden = state !== "registering";
  findElement("confirmation").hidden = state !== "confirming";
  findElement("result").hidden = state !== "done";
  findElement("progress").hidden = state === "done";
  findElement("again").hidden = state !== "failed";
  if (state !== "retrying") {
    setText("waited", "");
  }
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

function showRetry() {
  setState("retrying");
  const seconds = Math.round((Date.now() - began) / 1000);
  showMessage(retryingWords());
  showWords("waited", fill(checkInPage.waited, { seconds }));
}

/** @param {any} problem */
function showFailure(problem) {
  showMessage(problems[problem.code] ?? status.unknownProblem, problem.hotline);
  setState("failed");
}

/** The reasons in words, each with a link to the page where the person can clear it. @param {any} answer */
function makeReasonItems({ explanations = [], links = {} }) {
  return explanations.map((/** @type {any} */ { reason, ...words }) => {
    const link = makeExternalLink(links[reason] ?? null, status.clearing);
    return makeElement("li", makeWords(wordsOf(words)), ...(link === null ? [] : [" ", link]));
  });
}

/** @param {any} answer */
function showResult(answer) {
  showColour(answer.colour);
  showWords("verdict", verdicts[answer.verdict] ?? verdicts.check ?? ["", ""]);
  const steps = answer.checks.map((/** @type {string} */ check) => makeWords(checks[check] ?? [check, ""]));
  findElement("checks").replaceChildren(makeLine(steps, " · "));
  findElement("reasons").replaceChildren(...makeReasonItems(answer));
  findElement("advice").replaceChildren(...(answer.advice === undefined ? [] : [makeWords(wordsOf(answer.advice))]));
  findElement("call").replaceChildren(...(answer.hotline ? [makeHotlineLink(answer.hotline)] : []));
  setText("venue", answer.venue.name);
  setText("at", new Date(answer.at).toLocaleString());
  setState("done");
  registerServiceWorker();
}

/** Shows the authority's notices after a check-in, which never waits for them. */
async function showCurrentNotices() {
  const answer = await sendOnce("/v1/notices");
  if (answer?.status === 200 && answer.body.notices.length > 0) {
    showNotices("notices", answer.body.notices);
  }
}

/** Checks in with a current code. @param {Registration} registration */
async function sendCheckIn(registration) {
  let sealedAt = currentStep();
  let body = { venue, person: await makePersonCode(registration, sealedAt) };
  const current = async () => {
    // The same step is the same check-in. A new code is made only when the server may refuse the old one.
    if (currentStep() > sealedAt + 1) {
      sealedAt = currentStep();
      body = { venue, person: await makePersonCode(registration, sealedAt) };
    }
    return body;
  };
  const answer = await sendWithRetry("/v1/check-ins", current, showRetry);
  if (answer.body.code !== "person-code-expired") {
    return answer;
  }
  // This phone's clock is off, and the refusal contains the server's time.
  setServerTime(answer.body.server_time);
  sealedAt = currentStep();
  body = { venue, person: await makePersonCode(registration, sealedAt) };
  return sendWithRetry("/v1/check-ins", current, showRetry);
}

/** @param {Registration} registration */
async function checkIn(registration) {
  setState("checking-in");
  showMessage(status.checkingIn);
  began = Date.now();
  const answer = await sendSettled(() => sendCheckIn(registration));
  if (answer.status === 200) {
    showResult(answer.body);
    void moveKeysWhenDue();
    void showCurrentNotices();
    return;
  }
  if (isEndCode(answer.body.code)) {
    deleteRegistration(registration);
  }
  showFailure(answer.body);
}

/** Loads the fields that this city requires, and shows the form. @param {Words | null} words */
async function loadForm(words) {
  setState("asking");
  showMessage(status.pleaseWait);
  began = Date.now();
  const answer = await sendWithRetry("/v1/registration", async () => undefined, showRetry);
  if (answer.status === 200) {
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
  const body = readForm();
  began = Date.now();
  setState("submitting");
  showMessage(status.registering);
  const options = { tryMs: PROOF_TRY_MS, isFinal, key: makeIdempotencyKey() };
  const answer = await sendWithRetry("/v1/people", async () => body, showRetry, options);
  const words = problems[answer.body.code] ?? status.unknownProblem;
  if (answer.status === 200) {
    saveRegistration(answer.body);
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
  }
}

function start() {
  const registration = readRegistration();
  if (registration === null) {
    void loadForm(null);
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
setInterval(() => setText("now", new Date(now()).toLocaleTimeString()), 250);
start();
