// This phone's registration: asked for once, kept in the browser, and beside it those of the family for whom this
// phone shows codes, with their names: whose code it is has to be seen without a connection, too.

/** @typedef {import("./person_code.js").Registration} Registration */
/** @typedef {Registration & {name: string}} Dependant */

const PLACE = "scangate-registration";
const FAMILY_PLACE = "scangate-family";

/** Whether codes can be made from it: 32 bytes are 43 characters. @param {any} found */
function isRegistration(found) {
  const isNamed = /^p[0-9a-z]{13}$/.test(found?.person) && Number.isInteger(found?.kid);
  return isNamed && /^[\w-]{43}$/.test(found.key);
}

/** @param {string} place @returns {any} */
function read(place) {
  try {
    return JSON.parse(localStorage.getItem(place) ?? "null");
  } catch {
    return null;
  }
}

/** What this browser keeps, if anything. @returns {Registration | null} */
export function kept() {
  const found = read(PLACE);
  return isRegistration(found) ? found : null;
}

/** @param {Registration} registration */
export function keep(registration) {
  localStorage.setItem(PLACE, JSON.stringify(registration));
}

/** Forgets a registration that the server no longer knows, and the family that came by it. */
export function forget() {
  localStorage.removeItem(PLACE);
  localStorage.removeItem(FAMILY_PLACE);
}

/** The family whose codes this phone can show. @returns {Dependant[]} */
export function keptFamily() {
  const found = read(FAMILY_PLACE);
  return Array.isArray(found) ? found.filter(isRegistration) : [];
}

/** @param {Dependant[]} family */
function keepFamily(family) {
  localStorage.setItem(FAMILY_PLACE, JSON.stringify(family));
}

/** Keeps a dependant's registration, in place of an earlier one. @param {Dependant} dependant */
export function keepDependant(dependant) {
  keepFamily([...keptFamily().filter(({ person }) => person !== dependant.person), dependant]);
}

/** Forgets a dependant for whom one does not act any more. @param {string} gone */
export function forgetDependant(gone) {
  keepFamily(keptFamily().filter(({ person }) => person !== gone));
}

/** Calls the family what the server does. @param {{person: string, name: string}[]} named */
export function nameFamily(named) {
  const nameOf = (/** @type {string} */ of) => named.find(({ person }) => person === of)?.name;
  keepFamily(keptFamily().map((dependant) => ({ ...dependant, name: nameOf(dependant.person) ?? dependant.name })));
}
