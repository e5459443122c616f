// Keeps a screen on, and moves the page by a few pixels each minute, so that nothing burns in.

const SHIFT_MS = 60_000;
/** The places of the page, one after another. **Units**: CSS pixels to the right and down. */
const SHIFTS = [[0, 0], [3, 1], [5, 4], [3, 6], [0, 7], [-3, 6], [-5, 4], [-3, 1]];

/** Asks the browser to keep the screen on. It ends that whenever the page is hidden.
 * @returns {Promise<boolean>} Whether the screen stays on. */
async function requestWakeLock() {
  try {
    await navigator.wakeLock.request("screen");
    return true;
  } catch {
    // The browser has no wake lock, or the battery is low.
    return false;
  }
}

/** Keeps the screen on while the page is visible. @param {(isKept: boolean) => void} report */
export function keepAwake(report) {
  const keep = async () => {
    if (!document.hidden) {
      report(await requestWakeLock());
    }
  };
  document.addEventListener("visibilitychange", () => void keep());
  void keep();
}

/** Moves an element a little each minute. @param {HTMLElement} element */
export function avoidBurnIn(element) {
  let turn = 0;
  setInterval(() => {
    turn = (turn + 1) % SHIFTS.length;
    const [right, down] = SHIFTS[turn] ?? [0, 0];
    element.style.transform = `translate(${right}px, ${down}px)`;
  }, SHIFT_MS);
}
