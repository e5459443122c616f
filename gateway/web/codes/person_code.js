// Person codes and resident tokens, made on the phone without a connection. The key never leaves the phone.

import { idBytes, sealCode, stepBytes } from "./sealed_code.js";
import { now } from "../lib/clock.js";

/** @typedef {{person: string, kid: number, key: string}} Registration */
/** @typedef {import("./sealed_code.js").CodeKind} CodeKind */

const STEP_MS = 30_000;
/** @type {CodeKind} */
const PERSON_CODE = { version: 1, domain: new TextEncoder().encode("scangate person code") };
/** @type {CodeKind} */
const RESIDENT_TOKEN = { version: 2, domain: new TextEncoder().encode("scangate resident token") };

/** The number of the current step. */
export function currentStep() {
  return Math.floor(now() / STEP_MS);
}

/** The time until the next step. **Units**: milliseconds. */
export function timeToNextStepMs() {
  return STEP_MS - (now() % STEP_MS);
}

/** @param {CodeKind} kind @param {Registration} registration @param {number} atStep */
function seal(kind, registration, atStep) {
  return sealCode(kind, registration, idBytes(registration.person), stepBytes(atStep));
}

/** The code that a resident shows at a door. @param {Registration} registration @param {number} atStep */
export function makePersonCode(registration, atStep) {
  return seal(PERSON_CODE, registration, atStep);
}

/** The token of the resident's own requests. The page never shows it.
 * @param {Registration} registration @param {number} atStep */
export function makeResidentToken(registration, atStep) {
  return seal(RESIDENT_TOKEN, registration, atStep);
}
