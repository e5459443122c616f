// Looks at something again and again while somebody sees the page, and at once when they come back to it or the phone
// is back on its network.

/** Until the next time where a look broke off. **Units**: milliseconds. */
const FAILED_PAUSE_MS = 5_000;

/**
 * Begins to look. What `look` returns is how long to wait until the next time.
 * @param {() => Promise<number>} look **Units**: milliseconds.
 * @returns {() => void} Looks now.
 */
export function startPolling(look) {
  let isLooking = false;
  let timer = 0;
  const go = async () => {
    clearTimeout(timer);
    if (isLooking || document.hidden) {
      return;
    }
    isLooking = true;
    let pauseMs = FAILED_PAUSE_MS;
    try {
      pauseMs = await look();
    } finally {
      isLooking = false;
    }
    timer = window.setTimeout(go, pauseMs);
  };
  document.addEventListener("visibilitychange", () => void go());
  window.addEventListener("online", () => void go());
  void go();
  return () => void go();
}
