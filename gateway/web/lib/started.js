// Tells the document's small script that the page's own script runs.

/** Marks the page as started: it is not opened again. */
export function markStarted() {
  document.documentElement.dataset.started = "yes";
  try {
    sessionStorage.removeItem("scangate-reopened");
  } catch {
    // Without storage there is nothing to remove.
  }
}
