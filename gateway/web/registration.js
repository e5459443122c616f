// This phone's registration: asked for once, kept in the browser.

/** @typedef {import("./code.js").Registration} Registration */

const PLACE = "scangate-registration";

/** What this browser keeps, if anything. @returns {Registration | null} */
export function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? "null");
    return found && found.person && found.key ? found : null;
  } catch {
    return null;
  }
}

/** @param {Registration} registration */
export function keep(registration) {
  localStorage.setItem(PLACE, JSON.stringify(registration));
}

/** Forgets a registration that the server no longer knows. */
export function forget() {
  localStorage.removeItem(PLACE);
}
