// The queue of scans that had no answer, each a line of the browser's storage until it is answered. Nothing
// else about people is stored on the device.

/** @typedef {import("../check_in_request.js").Scan} Scan */
/** A scan with its time and what the staff did, as `POST /v1/check-ins/batch` takes it.
 * @typedef {Scan & {at: string, outcome: "entered" | "refused"}} LateScan */
/** A stored scan. `venue` is the terminal's venue: a token of another one would move the scan there.
 * @typedef {{venue: string, scan: LateScan}} StoredLine */
/** @typedef {{key: string, scan: LateScan}} QueuedScan A scan with its place in the storage. */

/** Scans that the queue holds. Browsers store at least 5 MB, and a certificate has 2 KB. */
export const QUEUED_SCANS_MAX = 1_000;
const PREFIX = "scangate-late ";
/** Digits of a key's number: keys sort by time. */
const DIGITS = 16;

/** The keys of all lines, the oldest first. */
function keysOfLines() {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).sort();
}

/** @param {string} key @returns {StoredLine | null} */
function readLine(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** The scans of a venue, the oldest first. @param {string} venue @returns {QueuedScan[]} */
export function readQueue(venue) {
  return keysOfLines().flatMap((key) => {
    const line = readLine(key);
    return line?.venue === venue ? [{ key, scan: line.scan }] : [];
  });
}

/** The number of scans of other venues, at which this device was signed in before. @param {string} venue */
export function countOtherScans(venue) {
  return keysOfLines().length - readQueue(venue).length;
}

/** Stores a scan. Returns false if the queue or the browser's storage is full.
 * @param {string} venue @param {LateScan} scan */
export function addLateScan(venue, scan) {
  const keys = keysOfLines();
  if (keys.length >= QUEUED_SCANS_MAX) {
    return false;
  }
  // Two scans of one millisecond have two numbers.
  const last = Number(keys.at(-1)?.slice(PREFIX.length) ?? 0);
  const number = Math.max(Date.parse(scan.at), last + 1);
  try {
    localStorage.setItem(PREFIX + String(number).padStart(DIGITS, "0"), JSON.stringify({ venue, scan }));
    return true;
  } catch {
    return false;
  }
}

/** Deletes a scan that was answered. @param {QueuedScan} queued */
export function deleteLateScan({ key }) {
  localStorage.removeItem(key);
}
