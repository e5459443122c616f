// The server's time as far as this page knows it: a phone's own clock may be minutes off, and a code is
// good for a minute.

let aheadMs = 0;

/** Learns from a time the server gave. @param {string | null} text */
export function setServerTime(text) {
  const at = text === null ? NaN : Date.parse(text);
  if (!Number.isNaN(at) && Math.abs(at - Date.now()) > 2000) {
    aheadMs = at - Date.now();
  }
}

/** The server's time. **Units**: milliseconds since 1970. */
export function now() {
  return Date.now() + aheadMs;
}
