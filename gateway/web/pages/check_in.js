// The resident page: registers this phone if it is not yet, checks in at the venue whose code the camera
// read, and shows the colour with the running time, so that a picture of it is seen to be one. The venue is in
// the page's own address, so that whoever has to register first is checked in where they scanned.

import { ask, clear, entered, prepare, review } from "../form/registration_form.js";
import { learn, now } from "../lib/clock.js";
import { showColour } from "../lib/colour.js";
import { element, hotline, make, outward, say } from "../lib/element.js";
import { send } from "../lib/http.js";
import { personCode, step } from "../lib/person_code.js";
import { keepPages } from "../lib/service_worker.js";
import { forget, keep, kept } from "../lib/stored_registration.js";
import { both, checks, clearing, delayed, problems, unknownProblem, verdicts } from "../lib/words.js";

/** @typedef {"asking" | "registering" | "confirming" | "submitting" | "checking-in" | "retrying" | "done" | "failed"} State */

/** A picture on a bad signal takes its time. */
const SUBMIT_TRY_MS = 30_000;
/** Refusals after which the city may ask for something else than this page has asked for. */
const OUTDATED = ["document-unsupported", "sms-code-needed", "face-needed"];

const venue = decodeURIComponent(location.pathname.split("/").pop() ?? "");
let began = Date.now();

/** @param {State} state */
function enter(state) {
  document.body.dataset.state = state;
  element("registration").hidden = state !== "registering";
  element("confirmation").hidden = state !== "confirming";
  element("result").hidden = state !== "done";
  element("progress").hidden = state === "done";
  element("again").hidden = state !== "failed";
  if (state !== "retrying") {
    say("waited", "");
  }
}

/** @param {[string, string]} words */
function tell(words) {
  say("message", words[0]);
  say("message-en", words[1]);
  if (words[0] !== "") {
    // Below a long form it would not be seen.
    element("progress").scrollIntoView({ block: "nearest" });
  }
}

function retrying() {
  enter("retrying");
  const seconds = Math.round((Date.now() - began) / 1000);
  tell(delayed());
  say("waited", `已等待 ${seconds} 秒 · ${seconds} s`);
}

/** @param {string} code */
function fail(code) {
  tell(problems[code] ?? unknownProblem);
  enter("failed");
}

/** Where the person can do what clears a reason. @param {any} said */
function linksOf(said) {
  return Object.entries(said.links ?? {}).flatMap(([reason, address]) => {
    const link = outward(address, [`${reason}：${clearing[0]}`, clearing[1]]);
    return link === null ? [] : [make("li", link)];
  });
}

/** @param {any} said */
function show(said) {
  showColour(said.colour);
  say("verdict", both(verdicts[said.verdict] ?? verdicts.check));
  say("checks", said.checks.map((/** @type {string} */ check) => both(checks[check] ?? [check, ""])).join(" · "));
  say("reasons", said.reasons.join(" · "));
  element("links").replaceChildren(...linksOf(said));
  element("call").replaceChildren(...(said.hotline ? [hotline(said.hotline)] : []));
  say("venue", said.venue.name);
  say("at", new Date(said.at).toLocaleString());
  enter("done");
  keepPages();
}

/** @param {import("../lib/person_code.js").Registration} registration */
async function checkIn(registration) {
  enter("checking-in");
  tell(["正在登记…", "Checking in…"]);
  began = Date.now();
  let sealedAt = step();
  let body = { venue, person: await personCode(registration, sealedAt) };
  const current = async () => {
    // The same step is the same check-in: a new one is made only when the old code may no longer be taken.
    if (step() > sealedAt + 1) {
      sealedAt = step();
      body = { venue, person: await personCode(registration, sealedAt) };
    }
    return body;
  };
  let answer = await send("/v1/check-ins", current, retrying);
  if (answer.body.code === "person-code-expired") {
    // This phone's clock is off: the server has told the time.
    learn(answer.body.server_time);
    sealedAt = step();
    body = { venue, person: await personCode(registration, sealedAt) };
    answer = await send("/v1/check-ins", current, retrying);
  }
  if (answer.status === 200) {
    show(answer.body);
  } else {
    if (answer.body.code === "person-code-invalid") {
      forget();
    }
    fail(answer.body.code);
  }
}

/** Asks for what this city wants of whoever registers. @param {[string, string]} words */
async function offer(words) {
  enter("asking");
  tell(["请稍候…", "One moment…"]);
  began = Date.now();
  const answer = await send("/v1/registration", async () => undefined, retrying);
  if (answer.status === 200) {
    ask(answer.body);
    enter("registering");
    tell(words);
  } else {
    fail(answer.body.code);
  }
}

/** Another try with these would cost the person one of a few. @param {import("../lib/http.js").Answer} answer */
function isFinal(answer) {
  const isShed = answer.status === 429 || answer.status === 503;
  return !isShed || ["too-many", "registration-unavailable"].includes(answer.body.code);
}

async function register() {
  const body = entered();
  began = Date.now();
  enter("submitting");
  tell(["正在登记…", "Registering…"]);
  const answer = await send("/v1/people", async () => body, retrying, { tryMs: SUBMIT_TRY_MS, isFinal });
  const words = problems[answer.body.code] ?? unknownProblem;
  if (answer.status === 200) {
    keep(answer.body);
    clear();
    await checkIn(answer.body);
  } else if (OUTDATED.includes(answer.body.code)) {
    await offer(words);
  } else {
    enter("registering");
    tell(words);
  }
}

function start() {
  const registration = kept();
  if (registration === null) {
    void offer(["", ""]);
  } else {
    void checkIn(registration);
  }
}

element("registration-form").addEventListener("submit", (event) => {
  event.preventDefault();
  review();
  enter("confirming");
  tell(["", ""]);
});
element("confirm").addEventListener("click", () => void register());
element("correct").addEventListener("click", () => enter("registering"));
prepare(tell);
element("again").addEventListener("click", start);
setInterval(() => say("now", new Date(now()).toLocaleTimeString()), 250);
start();
