// Chromium on the head of every page: the city's name and mark. A phone that is set to another zone shows a
// check-in by the city's clocks.
// Arguments: PORT CERTIFICATE VENUE-CODE CHINESE-NAME ENGLISH-NAME PATH…, the paths of all pages.

import { expectAccessible, expectNarrow } from "../axe.mjs";
import { arrive, expect, expectErrors, open, start, text } from "../browser.mjs";
import { registerWithPassport, waitForText } from "../resident.mjs";

const {
  browser,
  port,
  venue,
  others: [chinese, english, ...paths],
  stop,
} = await start();

try {
  const { page, errors } = await open(browser);
  await page.emulateTimezone("America/New_York");
  for (const path of paths) {
    await page.goto(`https://localhost:${port}${path}`);
    await waitForText(page, "#city-name", chinese);
    await waitForText(page, "#city-name", english);
    await page.waitForFunction(() => document.getElementById("city-mark").naturalWidth > 0);
    await expectAccessible(page, path);
    await expectNarrow(page, path);
  }
  await registerWithPassport(page, port, venue);
  await page.reload();
  await arrive(page, "receipt");
  const at = await page.$eval("#receipt-at time", (shown) => shown.dateTime);
  const expected = new Date(at).toLocaleString("zh-CN", { timeZone: "Asia/Shanghai" });
  const shown = await text(page, "#receipt-at");
  expect(shown === expected, `${at} is shown as ${shown}`);
  expectErrors(errors, "status of 404");
} finally {
  await stop();
}
