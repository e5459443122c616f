// The registrations that this browser stores: the resident's own, and those of dependants whose codes this
// phone shows. Dependants have a name, which the page shows beside the code without a connection.

import { now } from "../clock.js";

/** @typedef {import("../../codes/person_code.js").Registration} Registration */
/** The resident's own, with the time from which a page fetches its key again, and with the masked name.
 * Earlier versions stored neither.
 * @typedef {Registration & {fetchAtMs?: number, maskedName?: string}} OwnRegistration */
/** @typedef {Registration & {name: string}} Dependant */

const DAY_MS = 86_400_000;
const REGISTRATION_KEY = "scangate-registration";
const FAMILY_KEY = "scangate-family";

/** Whether codes can be made from a stored value. A key of 32 bytes has 43 characters. @param {any} found */
function isRegistration(found) {
  const isNamed = /^p[0-9a-z]{13}$/.test(found?.person) && Number.isInteger(found?.kid);
  return isNamed && /^[\w-]{43}$/.test(found.key);
}

/** Whether a registration has the same person and key.
 * @param {Registration | null} one @param {Registration} other */
function isSame(one, other) {
  return one !== null && one.person === other.person && one.key === other.key;
}

/** @param {string} place @returns {any} */
function readJson(place) {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "null");
  } catch {
    return null;
  }
}

/** The resident's own registration, or null. @returns {OwnRegistration | null} */
export function readRegistration() {
  const found = readJson(REGISTRATION_KEY);
  return isRegistration(found) ? found : null;
}

/** The time to fetch a key of now again, in one to seven days. It differs between phones: a city's phones
 * all check in at the same hour, and must not all fetch their keys then. */
function drawFetchTime() {
  return now() + (1 + 6 * Math.random()) * DAY_MS;
}

/** Saves a registration that the server has just sent.
 * @param {OwnRegistration} registration It may have more members. */
export function saveRegistration({ person, kid, key, maskedName }) {
  localStorage.setItem(REGISTRATION_KEY, JSON.stringify({ person, kid, key, maskedName, fetchAtMs: drawFetchTime() }));
}

/** Saves the masked name of a person, if the resident's own registration is still that person's.
 * @param {string} person @param {string} maskedName */
export function saveMaskedName(person, maskedName) {
  const own = readRegistration();
  if (own?.person === person) {
    localStorage.setItem(REGISTRATION_KEY, JSON.stringify({ ...own, maskedName }));
  }
}

/** Deletes a registration that the server no longer accepts, and the family that was added with it. Another
 * page of this browser may have stored a new one meanwhile, which stays. Returns whether it was deleted.
 * @param {Registration} ended */
export function deleteRegistration(ended) {
  const isStored = isSame(readRegistration(), ended);
  if (isStored) {
    localStorage.removeItem(REGISTRATION_KEY);
    localStorage.removeItem(FAMILY_KEY);
  }
  return isStored;
}

/** The dependants whose codes this phone can show. @returns {Dependant[]} */
export function readFamily() {
  const found = readJson(FAMILY_KEY);
  return Array.isArray(found) ? found.filter(isRegistration) : [];
}

/** @param {Dependant[]} family */
function saveFamily(family) {
  localStorage.setItem(FAMILY_KEY, JSON.stringify(family));
}

/** Saves a dependant's registration, and replaces an earlier one. @param {Dependant} dependant */
export function saveDependant(dependant) {
  saveFamily([...readFamily().filter(({ person }) => person !== dependant.person), dependant]);
}

/** Deletes a dependant for whom the resident no longer acts. @param {string} gone */
export function deleteDependant(gone) {
  saveFamily(readFamily().filter(({ person }) => person !== gone));
}

/** Updates the dependants' names to the server's. @param {{person: string, name: string}[]} named */
export function renameFamily(named) {
  const nameOf = (/** @type {string} */ of) => named.find(({ person }) => person === of)?.name;
  saveFamily(readFamily().map((dependant) => ({ ...dependant, name: nameOf(dependant.person) ?? dependant.name })));
}

/** Replaces a stored key, the resident's own or a dependant's, by a later one of the same person. A key that
 * was replaced or deleted meanwhile is not touched.
 * @param {Registration} before @param {any} found The server's answer. */
export function replaceKey(before, found) {
  if (!isRegistration(found) || found.person !== before.person) {
    return;
  }
  const { kid, key } = found;
  const own = readRegistration();
  if (own !== null && isSame(own, before)) {
    saveRegistration({ ...own, kid, key });
  }
  if (readFamily().some((dependant) => isSame(dependant, before))) {
    saveFamily(readFamily().map((dependant) => (isSame(dependant, before) ? { ...dependant, kid, key } : dependant)));
  }
}
