// A screen stores the door's key, and the server's time at the last contact. It then shows codes after a
// reload without a connection, too.

import { now, setServerTime } from "../lib/clock.js";

/** @typedef {import("../codes/door_code.js").DoorKey} DoorKey */
/** The key with the venue's name. @typedef {DoorKey & {venue_name: string}} NamedDoorKey */
/**
 * @typedef {object} StoredDoor
 * @property {NamedDoorKey} doorKey
 * @property {number} serverAtMs The server's time at the last contact. **Units**: ms since 1970.
 * @property {number} deviceAtMs This device's time at that moment, in the same units.
 */

const PLACE = "scangate-door";
/** How far a device's clock may lie behind the last contact, which is an estimate. */
const BEHIND_MS_MAX = 5_000;

/** Whether codes can be made from a stored value. @param {any} found */
function isStoredDoor(found) {
  const { venue, door, kid, key, venue_name: name } = found?.doorKey ?? {};
  const isKey = /^v[0-9a-z]{13}$/.test(venue) && Number.isInteger(door) && Number.isInteger(kid);
  const areTimes = Number.isFinite(found?.serverAtMs) && Number.isFinite(found?.deviceAtMs);
  return isKey && /^[\w-]{43}$/.test(key) && typeof name === "string" && areTimes;
}

/** The stored door, or null if the browser stores none of this token.
 * @param {{venue: string | null, door: number | null}} token @returns {StoredDoor | null} */
export function readDoor({ venue, door }) {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? "null");
    const isOwn = isStoredDoor(found) && found.doorKey.venue === venue && found.doorKey.door === door;
    return isOwn ? found : null;
  } catch {
    return null;
  }
}

/** Stores the key that the server has just sent. @param {NamedDoorKey} doorKey */
export function saveDoor(doorKey) {
  const stored = { doorKey, serverAtMs: now(), deviceAtMs: Date.now() };
  localStorage.setItem(PLACE, JSON.stringify(stored));
}

/** Deletes a key that the server refuses. */
export function deleteDoor() {
  localStorage.removeItem(PLACE);
}

/** Continues with the difference between the clocks at the last contact. Returns false if this device's clock
 * lies before that contact: it was reset, and the time is unknown until the server is reached.
 * @param {StoredDoor} stored */
export function restoreClock({ serverAtMs, deviceAtMs }) {
  setServerTime(new Date(Date.now() + serverAtMs - deviceAtMs).toISOString());
  return now() >= serverAtMs - BEHIND_MS_MAX;
}
