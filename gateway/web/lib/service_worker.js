// Has the browser keep the pages, for a doorway without a signal. Where it does not do such things, nothing is lost.

/** To be called when there is nothing more urgent to load. */
export function registerServiceWorker() {
  void navigator.serviceWorker?.register("/worker.js").catch(() => {});
}
