// The service worker of residents' pages, and the one of staff's pages. Each caches its pages, so a device
// that has opened one can open them again without a signal. All cached files are of one version. A new
// version is fetched completely before it takes over. API requests and answers are never cached.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
/** The caches of this worker begin with its scope: the other worker has caches of its own. */
const PREFIX = `${worker.registration.scope} `;
const NAME = PREFIX + VERSION;

/** Whether a cache is an earlier one of this worker. Earlier versions named caches without a scope.
 * @param {string} name */
function isOutdated(name) {
  return name !== NAME && (name.startsWith(PREFIX) || !name.includes(" "));
}

async function cacheAll() {
  const cache = await caches.open(NAME);
  // Bypass the browser's own cache, which may hold a file of another version.
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  await worker.skipWaiting();
}

async function takeOver() {
  const outdated = (await caches.keys()).filter(isOutdated);
  await Promise.all(outdated.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** The cached file for a path, or null. All venue codes share one page. @param {string} path */
function cachedFile(path) {
  const file = path.startsWith("/v/") ? VENUE_PAGE : path;
  return FILES.includes(file) ? file : null;
}

/** @param {string} file @param {Request} request */
async function answer(file, request) {
  const cache = await caches.open(NAME);
  return (await cache.match(file)) ?? fetch(request);
}

worker.addEventListener("install", (event) => event.waitUntil(cacheAll()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  const file = event.request.method === "GET" && origin === location.origin ? cachedFile(pathname) : null;
  if (file !== null) {
    event.respondWith(answer(file, event.request));
  }
});
