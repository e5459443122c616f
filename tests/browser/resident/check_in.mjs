// Chromium on the check-in page, over HTTP/3: registers, checks in, and checks in again without registering.
// The colour becomes a receipt, and a reload checks nobody in.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { expectAccessible, expectNarrow } from "../axe.mjs";
import { arrive, expect, expectErrors, open, start, text, visit } from "../browser.mjs";
import { addPassportHolder, click, openOwnPage, waitForText } from "../resident.mjs";

const { browser, port, venue: code, stop } = await start();

/** The number of this phone's check-ins at the gateway. */
function countCheckIns(page) {
  return page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/v1/check-ins")).length);
}

/** Lets the page's clock run a minute ahead. */
function passMinute(page) {
  return page.evaluate(() => {
    const real = Date.now.bind(Date);
    Date.now = () => real() + 61_000;
  });
}

try {
  const { page, errors } = await open(browser);
  await visit(page, port, code, "registering");
  await expectAccessible(page, "registering");
  await expectNarrow(page, "registering");
  await page.type("#name", "张三");
  await page.type("#phone", "13800138000");
  await page.select("#document-type", "resident-id");
  await page.type("#document-number", "11010519491231002Y");
  await click(page, "#register");
  await arrive(page, "confirming");
  await expectAccessible(page, "confirming");
  await click(page, "#confirm");
  await arrive(page, "registering");
  const wrong = await page.$eval("#document-number", (field) => [
    field.getAttribute("aria-invalid"),
    field === document.activeElement,
    document.getElementById(field.getAttribute("aria-describedby")).textContent,
  ]);
  expect(wrong[0] === "true" && wrong[1] && wrong[2].includes("证件号码有误"), `the wrong field is ${wrong}`);
  await page.select("#document-type", "passport");
  await page.$eval("#document-number", (field) => (field.value = ""));
  await page.type("#document-number", "E12345678");
  await click(page, "#register");
  await arrive(page, "confirming");
  await click(page, "#confirm");
  await arrive(page, "done");
  const shown = await text(page, "#colour");
  expect(shown.includes("绿码") && shown.includes("Green"), `the colour is ${shown}`);
  const focused = await page.evaluate(() => document.activeElement.id);
  expect(focused === "verdict", `the focus is on ${focused}`);
  const venue = await text(page, "#venue");
  expect(venue === "Venue 0", `the venue is ${venue}`);
  await expectAccessible(page, "done");
  await expectNarrow(page, "done");
  const protocols = await page.evaluate(() =>
    ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind).map((one) => one.nextHopProtocol)),
  );
  expect(protocols.length >= 3 && protocols.every((protocol) => protocol === "h3"), `over ${protocols}`);

  await page.reload();
  await arrive(page, "receipt");
  expect((await countCheckIns(page)) === 0, "the reload checked in");
  expect((await text(page, "#receipt-venue")) === "Venue 0", "the receipt has no venue");
  expect(/^[0-9A-Z]{8}$/.test(await text(page, "#receipt-id")), "the receipt has no number");
  await expectAccessible(page, "receipt");
  await click(page, "#check-in-again");
  await arrive(page, "done");
  await passMinute(page);
  await arrive(page, "receipt");
  const colour = await page.$eval("#result", (result) => result.hidden);
  expect(colour, "the colour is still shown");
  await click(page, "#leave");
  await waitForText(page, "#receipt-left", "已离开");
  expect(await page.$eval("#leave", (button) => button.hidden), "a person leaves twice");

  await page.locator("aria/长辈版 Larger text").click();
  await page.locator("aria/English").click();
  const chinese = await page.$eval("#receipt h1 [lang='zh-CN']", (part) => getComputedStyle(part).display);
  expect(chinese === "none", `Chinese is ${chinese}`);
  await page.reload();
  await arrive(page, "receipt");
  const view = await page.evaluate(() => ({ ...document.documentElement.dataset }));
  expect(view.language === "en" && view.size === "large", `the view is ${JSON.stringify(view)}`);
  await expectAccessible(page, "large");
  await page.locator("aria/Both").click();

  await visit(page, port, code, "done");
  await openOwnPage(page);
  await addPassportHolder(page);
  await visit(page, port, code, "done");
  await page.locator("aria/为李小四一起登记 Check in 李小四 with me").click();
  await waitForText(page, "#together-list", "李小四 已登记");
  for (const addition of ["/", "%20", "%0A", "/?from=x", "%E3%80%82", "%zz"]) {
    // The worker answers these addresses, too.
    await visit(page, port, `${code}${addition}`, "done");
  }
  await visit(page, port, code.replace(/^E/, "%45"), "done");
  // The minute ahead is that of a phone whose clock is off: its first code is refused.
  expectErrors(errors, "status of 422", "status of 401");
  console.log(JSON.stringify({ browser: await browser.version(), shown, protocols: protocols.length }));
} finally {
  await stop();
}
