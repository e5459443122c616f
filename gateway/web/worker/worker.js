// The service worker. It caches all pages, so a phone that has opened one can open them again in a doorway
// without a signal. All cached files are of one version. A new version is fetched completely before it takes
// over. API requests and answers are never cached.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

async function cacheAll() {
  const cache = await caches.open(VERSION);
  // Bypass the browser's own cache, which may hold a file of another version.
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  await worker.skipWaiting();
}

async function takeOver() {
  const others = (await caches.keys()).filter((version) => version !== VERSION);
  await Promise.all(others.map((version) => caches.delete(version)));
  await worker.clients.claim();
}

/** The cached file for a path, or null. All venue codes share one page. @param {string} path */
function cachedFile(path) {
  const file = path.startsWith("/v/") ? VENUE_PAGE : path;
  return FILES.includes(file) ? file : null;
}

/** @param {string} file @param {Request} request */
async function answer(file, request) {
  const cache = await caches.open(VERSION);
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
