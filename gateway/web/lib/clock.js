// An estimate of the server's time. A phone's own clock may be minutes off, and a code is valid for a minute.

let aheadMs = 0;

/** Adjusts the estimate to a time that the server sent. @param {string | null} text */
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
