// The residents' pages under the rule pack of a gateway: axe finds no violation, and nothing is wider than a
// narrow phone. The person was imported, so no pack asks for a code or a face.
// Arguments: PORT CERTIFICATE VENUE-CODE REGISTRATION

import { expectAccessible, expectNarrow } from "../axe.mjs";
import { arrive, expectErrors, open, start, visit } from "../browser.mjs";
import { waitForText } from "../resident.mjs";

const { browser, port, venue, others, stop } = await start();
const { person, kid, key } = JSON.parse(others[0]);

async function expectSound(page, state) {
  await expectAccessible(page, state);
  await expectNarrow(page, state);
}

try {
  const { page, errors } = await open(browser);
  await visit(page, port, venue, "registering");
  await expectSound(page, "registration");
  await page.goto(`https://localhost:${port}/me`);
  await arrive(page, "unregistered");
  await expectSound(page, "unregistered");
  await page.evaluate((own) => localStorage.setItem("scangate-registration", own), JSON.stringify({ person, kid, key }));
  await page.reload();
  await arrive(page, "own");
  await waitForText(page, "#colour", "绿码");
  await waitForText(page, "#policy-hotline", "Hotline");
  await expectSound(page, "own");
  await page.evaluate(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));
  await waitForText(page, "#why-hotline", "Hotline");
  await expectSound(page, "all parts");
  await visit(page, port, venue, "done");
  await expectSound(page, "result");
  expectErrors(errors);
} finally {
  await stop();
}
