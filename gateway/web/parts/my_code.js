// The code to show at a door, made without a connection, and its colour, which comes from the server. The
// page shows a colour for as long as a code is valid. After that it shows "unknown" until the server sends
// the colour again.

import { formatTimeOfDay } from "../lib/city_time.js";
import { updateFamilyChoices } from "../form/person_choice.js";
import { now } from "../lib/clock.js";
import { showColour } from "../lib/colour.js";
import { findElement, findSelect, setText, showWords } from "../lib/element.js";
import { checkKey, isEnded } from "../lib/registration/key_moves.js";
import { maskedNameOf } from "../codes/holder_name.js";
import { currentStep, makePersonCode, timeToNextStepMs } from "../codes/person_code.js";
import { startPolling } from "../lib/polling.js";
import { readOwn } from "../lib/resident_api.js";
import { deleteDependant, readFamily, readRegistration } from "../lib/registration/stored_registration.js";
import { fill, problemWords, resident, status, waitingWords } from "../lib/words.js";
import { drawQrCode } from "../qr/qr_canvas.js";
import { makeReasonItem } from "./reason_item.js";

/** @typedef {import("../codes/person_code.js").Registration} Registration */
/** @typedef {import("../lib/registration/stored_registration.js").Dependant} Dependant */
/** @typedef {import("../lib/registration/stored_registration.js").OwnRegistration} OwnRegistration */
/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("./reason_item.js").Reason} Reason */
/** @typedef {{colour: string, reasons: Reason[], atMs: number}} ColourReading A colour, and its time. */

const COLOUR_MS_MAX = 60_000;
const TICK_MS = 250;
/** Two polls in the minute for which a colour is shown, so one may fail. */
export const POLL_MS = 30_000;

/** The latest colour of each person. @type {Map<string, ColourReading>} */
const readings = new Map();
/** Why the colour of a person is unknown. @type {Map<string, Words>} */
const problems = new Map();
/** The code on the screen: its key and its step. */
let drawnCode = "";
/** The colour on the screen, with its reasons and its age. */
let shownColour = "";

/** The registration of the chosen person, as it is stored now: its key may have been replaced.
 * @param {OwnRegistration} own @returns {OwnRegistration | Dependant} */
function findChosen(own) {
  const whose = findSelect("whose").value;
  const stored = readRegistration();
  const mine = stored?.person === own.person ? stored : own;
  return readFamily().find(({ person }) => person === whose) ?? mine;
}

/** @param {Registration} registration */
async function showCode(registration) {
  const atStep = currentStep();
  const wanted = `${registration.key} ${atStep}`;
  if (wanted === drawnCode) {
    return;
  }
  drawnCode = wanted;
  const code = await makePersonCode(registration, atStep);
  // Another person may have been chosen meanwhile.
  if (wanted === drawnCode) {
    drawQrCode(/** @type {HTMLCanvasElement} */ (findElement("code")), code);
  }
}

function showCountdown() {
  const seconds = Math.ceil(timeToNextStepMs() / 1000);
  setText("now", formatTimeOfDay(now()));
  showWords("countdown", fill(resident.nextCode, { seconds }));
}

/** The age of a person's colour, or why it is unknown.
 * @param {string} person @param {boolean} isFresh @returns {Words} */
function describeAge(person, isFresh) {
  const last = readings.get(person);
  if (last === undefined) {
    return problems.get(person) ?? status.pleaseWait;
  }
  const at = formatTimeOfDay(last.atMs);
  return fill(isFresh ? resident.asOf : resident.notUpdated, { at });
}

/** Shows whose code is on the screen. @param {OwnRegistration | Dependant} registration */
function showHolder(registration) {
  setText("holder", maskedNameOf(registration));
}

/** Shows the colour of a person. Beside a code that no door accepts it is unknown.
 * @param {Registration} registration */
function showChosenColour(registration) {
  const last = readings.get(registration.person);
  const hasEnded = isEnded(registration);
  const isFresh = last !== undefined && !hasEnded && now() - last.atMs < COLOUR_MS_MAX;
  const { colour, reasons } = isFresh ? last : { colour: "unknown", reasons: [] };
  const words = hasEnded ? status.keyEnded : describeAge(registration.person, isFresh);
  const telling = JSON.stringify([colour, reasons, words]);
  if (telling === shownColour) {
    // Replacing it would remove a link that a person is about to follow.
    return;
  }
  shownColour = telling;
  showColour(colour);
  showWords("as-of", words);
  findElement("why-short").replaceChildren(...reasons.map(makeReasonItem));
}

/** Records a colour from the server. @param {string} person @param {ColourReading} standing */
export function recordColour(person, standing) {
  readings.set(person, standing);
}

/** Records that a request is being retried. @param {string} person */
export function recordDelay(person) {
  problems.set(person, waitingWords());
}

/** Records why the server did not send a colour. @param {string} person @param {Words} words */
export function recordProblem(person, words) {
  readings.delete(person);
  problems.set(person, words);
}

/** Polls the chosen dependant's colour. The resident's own comes with the overview.
 * @param {Registration} own */
async function pollDependant(own) {
  const chosen = findChosen(own);
  const { person } = chosen;
  if (person === own.person) {
    return POLL_MS;
  }
  // The dependant may have a new key, and the door then refuses the code that is shown.
  void checkKey(chosen);
  const answer = await readOwn(`/dependants/${person}`, () => recordDelay(person));
  if (answer.status === 200) {
    const { colour, reasons } = answer.body;
    recordColour(person, { colour, reasons, atMs: now() });
  } else {
    recordProblem(person, problemWords(answer));
    if (answer.status === 404) {
      deleteDependant(person);
      updateFamilyChoices();
    }
  }
  return findChosen(own).person === person ? POLL_MS : 0;
}

/** Starts to show codes. @param {Registration} own */
export function startMyCode(own) {
  const tick = () => {
    const registration = findChosen(own);
    showCountdown();
    showHolder(registration);
    showChosenColour(registration);
    void showCode(registration);
  };
  updateFamilyChoices();
  tick();
  setInterval(tick, TICK_MS);
  const look = startPolling(() => pollDependant(own));
  findSelect("whose").addEventListener("change", () => {
    tick();
    look();
  });
}
