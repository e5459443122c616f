// Registers the service worker, which caches the pages for a doorway without a signal. A browser without
// service workers loads the pages as usual.

/** Registers the worker. Call it when nothing more urgent has to load. */
export function registerServiceWorker() {
  void navigator.serviceWorker?.register("/worker.js").catch(() => {});
}
