// The pages without a connection: a service worker that keeps all of them, so that whoever has been here once opens
// them at once in a doorway that has no signal. All files are of one version; another one is fetched whole before it
// takes over. What is said to the server and what it answers is never kept.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

async function keepAll() {
  const cache = await caches.open(VERSION);
  // Past the browser's own cache, which may hold a file of another version.
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  await worker.skipWaiting();
}

async function takeOver() {
  const others = (await caches.keys()).filter((version) => version !== VERSION);
  await Promise.all(others.map((version) => caches.delete(version)));
  await worker.clients.claim();
}

/** Under what an address is kept, if it is: behind each venue's code is the same page. @param {string} path */
function keptAs(path) {
  const file = path.startsWith("/v/") ? VENUE_PAGE : path;
  return FILES.includes(file) ? file : null;
}

/** @param {string} file @param {Request} request */
async function answer(file, request) {
  const cache = await caches.open(VERSION);
  return (await cache.match(file)) ?? fetch(request);
}

worker.addEventListener("install", (event) => event.waitUntil(keepAll()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  const file = event.request.method === "GET" && origin === location.origin ? keptAs(pathname) : null;
  if (file !== null) {
    event.respondWith(answer(file, event.request));
  }
});
