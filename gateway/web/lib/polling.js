// Polls while the page is visible, and immediately when the person returns or the phone is online again.

/** The pause after a poll that failed with an exception. **Units**: milliseconds. */
const FAILED_PAUSE_MS = 5_000;

/**
 * Starts to poll. `look` returns the pause until the next poll. A poll that is asked for during another one
 * follows it.
 * @param {() => Promise<number>} look **Units**: milliseconds.
 * @returns {() => void} Polls immediately.
 */
export function startPolling(look) {
  let [isLooking, isAskedAgain] = [false, false];
  let timer = 0;
  const go = async () => {
    clearTimeout(timer);
    if (isLooking || document.hidden) {
      isAskedAgain = isLooking;
      return;
    }
    isLooking = true;
    let pauseMs = FAILED_PAUSE_MS;
    try {
      pauseMs = await look();
    } finally {
      isLooking = false;
      timer = window.setTimeout(go, isAskedAgain ? 0 : pauseMs);
      isAskedAgain = false;
    }
  };
  document.addEventListener("visibilitychange", () => void go());
  window.addEventListener("online", () => void go());
  void go();
  return () => void go();
}
