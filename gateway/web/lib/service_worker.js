// Registers the service worker, which caches the pages for a doorway without a signal. A browser without
// service workers loads the pages as usual.

/** Registers the worker at an address. Call it when nothing more urgent has to load.
 * @param {"/worker.js" | "/staff/worker.js"} address Of residents' or of staff's pages. */
export function registerServiceWorker(address) {
  void navigator.serviceWorker?.register(address).catch(() => {});
}
