// A page whose script is shed, cut off, broken or lost once. The page says so, and opens again by itself.

import { expect, open } from "./browser.mjs";

/** The answers that a browser gets instead of the script, by name. Null is no answer. */
const FAULTS = {
  shed: { status: 503, contentType: "application/problem+json", body: '{"status": 503, "code": "overloaded"}' },
  "cut off": { status: 200, contentType: "text/javascript", body: "const begun = {" },
  "not parsed": { status: 200, contentType: "text/javascript", body: "<html>" },
  lost: null,
};

/** Where a page keeps what it said before it opened again. */
const SAID = "test-said";

/** Lets a page keep the first words that it says when its script fails, and its address then. They are kept
 * in the page, because the page opens again after seconds. */
async function keepWords(page) {
  await page.evaluateOnNewDocument((place) => {
    new MutationObserver(() => {
      const line = document.getElementById("reopening");
      if (line?.hidden === false && sessionStorage.getItem(place) === null) {
        sessionStorage.setItem(place, JSON.stringify({ words: line.textContent, address: location.href }));
      }
    }).observe(document, { subtree: true, childList: true, attributes: true });
  }, SAID);
}

/** Opens an address whose script has a fault the first time, and returns what the page said. */
async function reopen(browser, address, [name, fault], { arrived, prepare }) {
  const context = await browser.createBrowserContext();
  const { page } = await open(context);
  await keepWords(page);
  await prepare(page);
  await page.setRequestInterception(true);
  let failed = 0;
  page.on("request", (request) => {
    if (request.resourceType() !== "script" || failed > 0) {
      void request.continue();
      return;
    }
    failed += 1;
    void (fault === null ? request.abort("failed") : request.respond(fault));
  });
  await page.goto(address);
  await page.waitForFunction((place) => sessionStorage.getItem(place) !== null, {}, SAID);
  await arrived(page);
  // A page that is not marked as started would open again and again.
  await page.waitForFunction(() => document.documentElement.dataset.started === "yes");
  expect(failed === 1, `${name}: ${failed} scripts failed`);
  const said = JSON.parse(await page.evaluate((place) => sessionStorage.getItem(place), SAID));
  expect(said.address === address, `${name}: the page reopens ${said.address}`);
  await context.close();
  return said.words;
}

/** Opens an address once with each fault, and runs `arrived` when the page has opened again. `prepare` runs
 * before a page is opened. */
export async function breakOnce(browser, address, arrived, prepare = () => undefined) {
  const faults = Object.entries(FAULTS);
  const said = await Promise.all(faults.map((fault) => reopen(browser, address, fault, { arrived, prepare })));
  expect(said.every((words) => /约 \d+ 秒后自动重试.*in about \d+ s/.test(words)), said.join("\n"));
}
