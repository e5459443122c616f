// Person codes and resident tokens, made on the phone without a connection. The key never leaves the phone.

import { fromBase64Url, toBase64Url } from "./base64url.js";
import { now } from "./clock.js";
import { resident } from "./words.js";

/** @typedef {{person: string, kid: number, key: string}} Registration */
/** @typedef {{version: number, domain: Uint8Array}} CodeKind So that no kind passes as another. */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const STEP_MS = 30_000;
/** @type {CodeKind} */
const PERSON_CODE = { version: 1, domain: new TextEncoder().encode("scangate person code") };
/** @type {CodeKind} */
const RESIDENT_TOKEN = { version: 2, domain: new TextEncoder().encode("scangate resident token") };

/** The number of an id: a letter and 13 digits of Crockford's base32. @param {string} id */
function parseId(id) {
  let number = 0n;
  for (const digit of id.slice(1)) {
    number = number * 32n + BigInt(ALPHABET.indexOf(digit));
  }
  return number;
}

/** The number of the current step. */
export function currentStep() {
  return Math.floor(now() / STEP_MS);
}

/** The time until the next step. **Units**: milliseconds. */
export function timeToNextStepMs() {
  return STEP_MS - (now() % STEP_MS);
}

/**
 * Seals a code: version, kid, person, step, and 16 bytes of HMAC-SHA256 over a domain and these.
 * @param {CodeKind} kind
 * @param {Registration} registration
 * @param {number} atStep
 */
async function seal(kind, registration, atStep) {
  const sealed = new Uint8Array(14);
  const view = new DataView(sealed.buffer);
  view.setUint8(0, kind.version);
  view.setUint8(1, registration.kid);
  view.setBigUint64(2, parseId(registration.person));
  view.setUint32(10, atStep);
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", fromBase64Url(registration.key), algorithm, false, ["sign"]);
  const named = new Uint8Array([...kind.domain, ...sealed]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, named)).slice(0, 16);
  return toBase64Url(new Uint8Array([...sealed, ...mac]));
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
