// An estimate of the server's time. A phone's own clock may be minutes off, and a code is valid for a minute.

/** The difference that whole seconds and a slow answer explain. **Units**: milliseconds. */
const TOLERANCE_MS = 2000;

let aheadMs = 0;

/** Adjusts the estimate to a time that the server sent. A phone's clock may be put right meanwhile, so the
 * estimate is compared, and not the phone's clock. @param {string | null} text */
export function setServerTime(text) {
  const at = text === null ? NaN : Date.parse(text);
  if (!Number.isNaN(at) && Math.abs(at - now()) > TOLERANCE_MS) {
    aheadMs = at - Date.now();
  }
}

/** The server's time. **Units**: milliseconds since 1970. */
export function now() {
  return Date.now() + aheadMs;
}
