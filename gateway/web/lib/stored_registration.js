// This phone's registration: asked for once, kept in the browser, and beside it those of the family for whom this
// phone shows codes, with their names: whose code it is has to be seen without a connection, too.

/** @typedef {import("./person_code.js").Registration} Registration */
/** @typedef {Registration & {name: string}} Dependant */

const REGISTRATION_KEY = "scangate-registration";
const FAMILY_KEY = "scangate-family";

/** Whether codes can be made from it: 32 bytes are 43 characters. @param {any} found */
function isRegistration(found) {
  const isNamed = /^p[0-9a-z]{13}$/.test(found?.person) && Number.isInteger(found?.kid);
  return isNamed && /^[\w-]{43}$/.test(found.key);
}

/** @param {string} place @returns {any} */
function readJson(place) {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "null");
  } catch {
    return null;
  }
}

/** What this browser keeps, if anything. @returns {Registration | null} */
export function readRegistration() {
  const found = readJson(REGISTRATION_KEY);
  return isRegistration(found) ? found : null;
}

/** @param {Registration} registration */
export function saveRegistration(registration) {
  localStorage.setItem(REGISTRATION_KEY, JSON.stringify(registration));
}

/** Forgets a registration that the server no longer knows, and the family that came by it. */
export function deleteRegistration() {
  localStorage.removeItem(REGISTRATION_KEY);
  localStorage.removeItem(FAMILY_KEY);
}

/** The family whose codes this phone can show. @returns {Dependant[]} */
export function readFamily() {
  const found = readJson(FAMILY_KEY);
  return Array.isArray(found) ? found.filter(isRegistration) : [];
}

/** @param {Dependant[]} family */
function saveFamily(family) {
  localStorage.setItem(FAMILY_KEY, JSON.stringify(family));
}

/** Keeps a dependant's registration, in place of an earlier one. @param {Dependant} dependant */
export function saveDependant(dependant) {
  saveFamily([...readFamily().filter(({ person }) => person !== dependant.person), dependant]);
}

/** Forgets a dependant for whom one does not act any more. @param {string} gone */
export function deleteDependant(gone) {
  saveFamily(readFamily().filter(({ person }) => person !== gone));
}

/** Calls the family what the server does. @param {{person: string, name: string}[]} named */
export function renameFamily(named) {
  const nameOf = (/** @type {string} */ of) => named.find(({ person }) => person === of)?.name;
  saveFamily(readFamily().map((dependant) => ({ ...dependant, name: nameOf(dependant.person) ?? dependant.name })));
}
