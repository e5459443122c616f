// Chromium on the check-in page, over HTTP/3: registers, checks in, and checks in again without registering.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { arrive, expect, expectErrors, open, start, text, visit } from "./browser.mjs";
import { click } from "./resident.mjs";

const { browser, port, venue: code, stop } = await start();

try {
  const { page, errors } = await open(browser);
  await visit(page, port, code, "registering");
  await page.type("#name", "张三");
  await page.type("#phone", "13800138000");
  await page.select("#document-type", "passport");
  await page.type("#document-number", "E12345678");
  await click(page, "#register");
  await arrive(page, "confirming");
  await click(page, "#confirm");
  await arrive(page, "done");
  const shown = await text(page, "#colour");
  expect(shown.includes("绿码") && shown.includes("Green"), `the colour is ${shown}`);
  const venue = await text(page, "#venue");
  expect(venue === "Venue 0", `the venue is ${venue}`);
  const protocols = await page.evaluate(() =>
    ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind).map((one) => one.nextHopProtocol)),
  );
  expect(protocols.length >= 3 && protocols.every((protocol) => protocol === "h3"), `over ${protocols}`);
  await visit(page, port, code, "done");
  for (const addition of ["/", "%20", "%0A", "/?from=x", "%E3%80%82", "%zz"]) {
    // The worker answers these addresses, too.
    await visit(page, port, `${code}${addition}`, "done");
  }
  await visit(page, port, code.replace(/^E/, "%45"), "done");
  expectErrors(errors);
  console.log(JSON.stringify({ browser: await browser.version(), shown, protocols: protocols.length }));
} finally {
  await stop();
}
