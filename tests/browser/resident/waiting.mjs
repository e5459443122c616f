// The residents' pages while answers are missing: held back, or shed by the server. axe finds no violation,
// and nothing is wider than a narrow phone.
// Arguments: PORT CERTIFICATE VENUE-CODE REGISTRATION

import { expectAccessible, expectNarrow } from "../axe.mjs";
import { arrive, expectErrors, open, start, visit } from "../browser.mjs";

const { browser, port, venue, others: [registration], stop } = await start();

/** What becomes of requests to the API. Null lets them through. */
let fate = null;

const SHED = {
  status: 503,
  contentType: "application/problem+json",
  body: JSON.stringify({ status: 503, code: "overloaded", retry_after_ms: 100_000 }),
};

/** Gives a page's requests to the API their fate. Those that are held back have no answer, and the page does
 * not give them up: its state lasts until axe is done. */
async function decideFates(page) {
  await page.evaluateOnNewDocument(() => {
    AbortController.prototype.abort = () => {};
  });
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const isDecided = fate !== null && new URL(request.url()).pathname.startsWith("/v1/");
    if (!isDecided) {
      void request.continue();
    } else if (fate === "shed") {
      void request.respond(SHED);
    }
  });
}

/** Opens an address with this fate of its requests, and looks at the page once it is in this state. */
async function expectSound(page, path, decided, state) {
  fate = decided;
  await page.goto(`https://localhost:${port}${path}`);
  await arrive(page, state);
  const where = `${path}, ${decided}, ${state}`;
  await expectAccessible(page, where);
  await expectNarrow(page, where);
}

try {
  const { page, errors } = await open(browser);
  await decideFates(page);
  await expectSound(page, `/v/${venue}`, "held", "asking");
  await expectSound(page, `/v/${venue}`, "shed", "retrying");
  await page.evaluate((own) => localStorage.setItem("scangate-registration", own), registration);
  await expectSound(page, `/v/${venue}`, "held", "checking-in");
  await expectSound(page, `/v/${venue}`, "shed", "retrying");
  await expectSound(page, "/me", "held", "own");
  await expectSound(page, "/me", "shed", "own");
  await expectSound(page, "/v/none", null, "failed");
  await visit(page, port, venue, "done");
  expectErrors(errors, "status of 404", "status of 422");
} finally {
  await stop();
}
