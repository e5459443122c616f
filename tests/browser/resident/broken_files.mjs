// The script of both residents' pages fails once in each way, on a phone that is registered and on one that
// is not. The page says so, and opens again by itself.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { breakOnce } from "../broken_script.mjs";
import { arrive, open, start } from "../browser.mjs";
import { registerWithPassport } from "../resident.mjs";

const { browser, port, venue, stop } = await start();

/** The registration of a person, as a phone stores it. */
async function makeRegistration() {
  const context = await browser.createBrowserContext();
  const { page } = await open(context);
  await registerWithPassport(page, port, venue);
  const stored = await page.evaluate(() => localStorage.getItem("scangate-registration"));
  await context.close();
  return stored;
}

try {
  const registration = await makeRegistration();
  for (const { path, stored, state } of [
    { path: `/v/${venue}`, stored: null, state: "registering" },
    { path: `/v/${venue}`, stored: registration, state: "done" },
    { path: "/me", stored: null, state: "unregistered" },
    { path: "/me", stored: registration, state: "own" },
  ]) {
    const register = (page) =>
      page.evaluateOnNewDocument((text) => {
        if (text !== null) {
          localStorage.setItem("scangate-registration", text);
        }
      }, stored);
    await breakOnce(browser, `https://localhost:${port}${path}`, (page) => arrive(page, state), register);
  }
} finally {
  await stop();
}
