// The screen of one scan: the verdict with its signal, and the checks or the decision that follow. A person
// leaves the screen after 20 seconds.

import { findElement } from "../../lib/element.js";
import { terminal } from "../../lib/words.js";
import { focusScanField } from "../scan/scan_field.js";
import { showLine } from "../status_line.js";
import { hideDoorChecks, showDoorChecks } from "./door_checks.js";
import { giveSignal } from "./signals.js";
import { showAnswer, showProblem, showState, worstStateOf } from "./verdict_card.js";

/** @typedef {import("../../lib/words.js").Words} Words */
/** @typedef {import("./door_checks.js").DoorWork} DoorWork */

/** The time after which a person leaves the screen. **Units**: milliseconds. */
const SHOWN_MS = 20_000;

let timer = 0;
let cleared = () => {};

/** Removes the person from the screen. A focus in what is removed goes to the field for the next scan. */
export function clearScreen() {
  clearTimeout(timer);
  const isInside = ["checks", "decision", "verdict-card"].some((id) => findElement(id).contains(document.activeElement));
  hideDoorChecks();
  findElement("decision").hidden = true;
  showState("ready");
  if (isInside) {
    focusScanField();
  }
  cleared();
}

/** Clears the screen after 20 seconds from now. */
function clearLater() {
  clearTimeout(timer);
  timer = window.setTimeout(clearScreen, SHOWN_MS);
}

/** Prepares the screen. `forget` is called whenever it was cleared. @param {() => void} forget */
export function startScreen(forget) {
  cleared = forget;
  // Staff who type a temperature still need the person's answer.
  findElement("checks").addEventListener("input", clearLater);
  showState("ready");
}

/** Shows that a scan waits for its answer. */
export function showSending() {
  clearTimeout(timer);
  hideDoorChecks();
  showState("sending");
}

/** Shows the gateway's answer, and the checks that were made. @param {any} answer @param {DoorWork} work */
export function showVerdict(answer, work) {
  const state = worstStateOf(answer);
  showAnswer(answer);
  giveSignal(state === "unknown" ? "check" : state);
  if (state === "refuse") {
    hideDoorChecks();
  } else {
    showDoorChecks(work);
  }
  clearLater();
}

/** Shows why a check was not recorded. The person's answer stays.
 * @param {Words} words @param {DoorWork} work */
export function showCheckProblem(words, work) {
  showDoorChecks(work);
  showLine("checks-status", words);
  giveSignal("check");
  clearLater();
}

/** Shows why a person was not recorded. @param {Words} words @param {string} [hotline] */
export function showRefusal(words, hotline) {
  hideDoorChecks();
  showProblem(words, hotline);
  giveSignal("refuse");
  clearLater();
}

/** Asks the staff about a person whose scan had no answer. The focus stands before the buttons and not on
 * one, because a scanner's Enter would press it. */
export function askToDecide() {
  showState("offline");
  findElement("decision").hidden = false;
  findElement("decide").focus();
  giveSignal("check");
}

/** Shows that a decision is kept. @param {"entered" | "refused"} outcome */
export function showKept(outcome) {
  showState("offline", outcome === "entered" ? terminal.keptEntered : terminal.keptRefused);
  clearLater();
}

/** Shows why a text was not taken, until the next one. @param {Words | null} words */
export function showScanStatus(words) {
  showLine("scan-status", words);
  if (words !== null) {
    giveSignal("check");
  }
}
