// The mark of a page that has started, and the places in the browser's storages that the page's early script
// and its modules share.

/** The chosen view, in the local storage. */
export const VIEW_PLACE = "scangate-view";
/** How often a page was opened again, in the storage of the session. */
export const REOPENED_PLACE = "scangate-reopened";

/** Marks the page as started: it is not opened again. */
export function markStarted() {
  document.documentElement.dataset.started = "yes";
  try {
    sessionStorage.removeItem(REOPENED_PLACE);
  } catch {
    // Without storage there is nothing to remove.
  }
}
