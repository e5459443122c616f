// Chromium prints the sheets of an import, and a phone takes over the key of the first one. An independent
// decoder reads the codes on paper, and the door accepts the code that the phone then shows. The phone asks
// before it replaces the key by the one of another sheet.
// Arguments: PORT CERTIFICATE VENUE-CODE FILE PERSON, the file with two sheets and a page of refused lines,
// and the person of the first sheet.

import { arrive, expect, expectErrors, open, start } from "../../browser.mjs";
import { checkIn, click, readCode, readStored } from "../../resident.mjs";
import { countPages, readCodes } from "./printed.mjs";

const {
  browser,
  port,
  venue,
  others: [file, person],
  stop,
} = await start();

/** Opens a sheet's address on the phone, which takes the key out of the address. */
async function scanSheet(page, address) {
  // A new page each time: the same page with another fragment would not load again.
  await page.goto("about:blank");
  await page.goto(address);
  await arrive(page, "offer");
  const shown = await page.evaluate(() => location.href);
  expect(shown === `https://localhost:${port}/me`, `the address stays ${shown}`);
}

try {
  const paper = await open(browser);
  await paper.page.goto(`file://${file}`);
  const pages = await countPages(paper.page);
  expect(pages === 3, `the printer gets ${pages} pages`);
  const [first, second, ...rest] = await readCodes(paper.page);
  expect(rest.length === 0 && first.startsWith(`https://localhost:${port}/me#`), `the codes read ${first}`);
  expectErrors(paper.errors);

  const { page, errors } = await open(browser);
  await scanSheet(page, first);
  const isAsked = await page.$eval("#offer-replaces", (element) => !element.hidden);
  expect(!isAsked && (await readStored(page)).own === null, "the key is stored before the person agrees");
  await click(page, "#offer-accept");
  await arrive(page, "own");
  const { own } = await readStored(page);
  expect(own.person === person, `the phone has ${own.person}`);
  const { status, said } = await checkIn(page, venue, await readCode(page));
  expect(status === 200, `the door says ${status} ${JSON.stringify(said)}`);

  await scanSheet(page, second);
  await page.waitForSelector("#offer-replaces:not([hidden])");
  await click(page, "#offer-decline");
  await arrive(page, "own");
  expect((await readStored(page)).own.person === person, "the key was replaced");
  await scanSheet(page, second);
  await click(page, "#offer-accept");
  await page.waitForFunction((old) => JSON.parse(localStorage.getItem("scangate-registration")).person !== old, {}, person);
  await arrive(page, "own");
  expectErrors(errors);
} finally {
  await stop();
}
