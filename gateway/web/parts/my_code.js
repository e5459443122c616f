// The code to show at a door, made without a connection, and its colour, which only the server knows. A colour is shown
// for as long as a code is good; from then on it is unknown until the server tells it again.

import { offerFamily } from "../form/person_choice.js";
import { now } from "../lib/clock.js";
import { showColour } from "../lib/colour.js";
import { element, say, select } from "../lib/element.js";
import { personCode, step, stepLeftMs } from "../lib/person_code.js";
import { watch } from "../lib/polling.js";
import { read } from "../lib/resident_api.js";
import { forgetDependant, keptFamily } from "../lib/stored_registration.js";
import { awaited, both, pleaseWait, problemOf } from "../lib/words.js";
import { draw } from "../qr/qr_canvas.js";
import { reasonItem } from "./reason_item.js";

/** @typedef {import("../lib/person_code.js").Registration} Registration */
/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("./reason_item.js").Reason} Reason */
/** @typedef {{colour: string, reasons: Reason[], atMs: number}} Known What the server told of somebody, and when. */

const COLOUR_MS_MAX = 60_000;
const TICK_MS = 250;
/** Two looks in the minute for which a colour is shown: one may fail. */
export const LOOK_MS = 30_000;

/** By person. @type {Map<string, Known>} */
const known = new Map();
/** Why nothing is known of somebody. @type {Map<string, Words>} */
const trouble = new Map();
/** The code on the screen, by whose it is and its step. */
let drawn = "";
/** The colour on the screen, with all that is said of it. */
let told = "";

/** @param {Registration} own */
function chosen(own) {
  const whose = select("whose").value;
  return keptFamily().find(({ person }) => person === whose) ?? own;
}

/** @param {Registration} registration */
async function showCode(registration) {
  const atStep = step();
  const wanted = `${registration.person} ${atStep}`;
  if (wanted === drawn) {
    return;
  }
  drawn = wanted;
  const code = await personCode(registration, atStep);
  // Somebody else's may have been chosen meanwhile.
  if (wanted === drawn) {
    draw(/** @type {HTMLCanvasElement} */ (element("code")), code);
  }
}

function showCountdown() {
  const seconds = Math.ceil(stepLeftMs() / 1000);
  say("now", new Date(now()).toLocaleTimeString("zh-CN"));
  say("countdown", `${seconds} 秒后换新码 · new code in ${seconds} s`);
}

/** Since when a colour is as it is said to be. @param {string} person @param {boolean} isFresh @returns {Words} */
function asOf(person, isFresh) {
  const last = known.get(person);
  if (last === undefined) {
    return trouble.get(person) ?? pleaseWait;
  }
  const at = new Date(last.atMs).toLocaleTimeString("zh-CN");
  return isFresh ? [`截至 ${at}`, `as of ${at}`] : [`${at} 以后未能更新，正在重试`, `not known since ${at}; keeping trying`];
}

/** @param {string} person */
function showStanding(person) {
  const last = known.get(person);
  const isFresh = last !== undefined && now() - last.atMs < COLOUR_MS_MAX;
  const { colour, reasons } = isFresh ? last : { colour: "unknown", reasons: [] };
  const words = both(asOf(person, isFresh));
  const telling = JSON.stringify([colour, reasons, words]);
  if (telling === told) {
    // Somebody may be about to follow a link in it.
    return;
  }
  told = telling;
  showColour(colour);
  say("as-of", words);
  element("why-short").replaceChildren(...reasons.map(reasonItem));
}

/** Takes down what the server told. @param {string} person @param {Known} standing */
export function learnStanding(person, standing) {
  known.set(person, standing);
}

/** Takes down that the server is still being asked. @param {string} person */
export function learnDelay(person) {
  trouble.set(person, awaited());
}

/** Takes down why the server did not tell. @param {string} person @param {Words} words */
export function learnTrouble(person, words) {
  known.delete(person);
  trouble.set(person, words);
}

/** Asks for the chosen dependant's colour; one's own comes with the overview. @param {Registration} own */
async function lookAtDependant(own) {
  const { person } = chosen(own);
  if (person === own.person) {
    return LOOK_MS;
  }
  const answer = await read(`/dependants/${person}`, () => learnDelay(person));
  if (answer.status === 200) {
    const { colour, reasons } = answer.body;
    learnStanding(person, { colour, reasons, atMs: now() });
  } else {
    learnTrouble(person, problemOf(answer));
    if (answer.status === 404) {
      forgetDependant(person);
      offerFamily();
    }
  }
  return chosen(own).person === person ? LOOK_MS : 0;
}

/** Shows codes from now on. @param {Registration} own */
export function startCode(own) {
  const tick = () => {
    const registration = chosen(own);
    showCountdown();
    showStanding(registration.person);
    void showCode(registration);
  };
  offerFamily();
  tick();
  setInterval(tick, TICK_MS);
  const look = watch(() => lookAtDependant(own));
  select("whose").addEventListener("change", () => {
    tick();
    look();
  });
}
