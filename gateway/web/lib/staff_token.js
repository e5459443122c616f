// The sign-in of the staff's pages. A link `https://HOST/staff/PAGE#TOKEN` brings the token in its fragment,
// which no server receives. The page moves the token to a storage, and removes it from the address and so
// from the browser's history.
//
// `takeToken(storage)` returns the token of the address, else the stored one, else null. A token that has
// ended is returned as well: compare `endsAtMs` with `now()` of clock.js. `forgetToken(storage)` signs out.
// `reloadOnNewLink()` starts the page again when a new link is opened in its tab. Pass `localStorage` if the
// sign-in must survive a power cut, else `sessionStorage`. Each page has a token of its own.
//
// The claims are read here, and not verified: only the server has the key. Every request sends the token as
// `authorization: Bearer TOKEN`, and the server's 401 or 403 decides.

import { fromBase64Url } from "../codes/base64url.js";

/** @typedef {"terminal" | "authority" | "tracer" | "operator"} Role */
/**
 * A token with the claims that a page shows.
 * @typedef {object} StaffToken
 * @property {string} token The token itself.
 * @property {Role} role
 * @property {number} endsAtMs When it expires. **Units**: milliseconds since 1970.
 * @property {string | null} venue The venue's id, of a terminal.
 * @property {number | null} door The number of the door, of a terminal at one.
 * @property {string | null} district The district, of a tracer or an office that has one.
 * @property {string} subject The bearer, by the issuer's own name.
 */

const ROLES = ["terminal", "authority", "tracer", "operator"];

/** The place of this page's token in a storage. */
function placeOfToken() {
  return `scangate-staff-token ${location.pathname.replace(/\/+$/, "")}`;
}

/** The claims of a token, or null if the text is not a token. Its signature is not verified.
 * @param {string} token @returns {StaffToken | null} */
function readClaims(token) {
  try {
    const [text, mac, ...rest] = token.split(".");
    if (text === undefined || !mac || rest.length > 0) {
      return null;
    }
    const claims = JSON.parse(new TextDecoder().decode(fromBase64Url(text)));
    const { role, subject, venue = null, door = null, district = null } = claims;
    const endsAtMs = Date.parse(claims.expires);
    const isRead = ROLES.includes(role) && typeof subject === "string" && !Number.isNaN(endsAtMs);
    return isRead ? { token, role, endsAtMs, venue, door, district, subject } : null;
  } catch {
    return null;
  }
}

/** Takes the token out of the address. Chat programs add blanks or line feeds to a link.
 * @returns {StaffToken | null} */
function takeFromAddress() {
  if (location.hash.length <= 1) {
    return null;
  }
  const [text = ""] = /[\w.-]+/.exec(location.hash) ?? [];
  history.replaceState(null, "", location.pathname + location.search);
  return readClaims(text);
}

/** The token of this page: the one in its address, which is then stored, or else the stored one.
 * @param {Storage} storage @returns {StaffToken | null} */
export function takeToken(storage) {
  const brought = takeFromAddress();
  if (brought !== null) {
    storage.setItem(placeOfToken(), brought.token);
    return brought;
  }
  return readClaims(storage.getItem(placeOfToken()) ?? "");
}

/** Deletes this page's token. @param {Storage} storage */
export function forgetToken(storage) {
  storage.removeItem(placeOfToken());
}

/** Starts the page again when another link is opened in its tab, which by itself loads nothing. */
export function reloadOnNewLink() {
  addEventListener("hashchange", () => location.reload());
}
