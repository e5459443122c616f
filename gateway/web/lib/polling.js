// Polls while the page is visible, and immediately when the person returns or the phone is online again.

/** The pause after a poll that failed with an exception. **Units**: milliseconds. */
const FAILED_PAUSE_MS = 5_000;

/**
 * Starts to poll. `look` returns the pause until the next poll.
 * @param {() => Promise<number>} look **Units**: milliseconds.
 * @returns {() => void} Polls immediately.
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
