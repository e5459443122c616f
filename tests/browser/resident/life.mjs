// Chromium lives through a contact's days under `--policy xinji`: registered and green, yellow after being
// where a case was, feverish, explained, appealed, and green again. Arguments: PORT CERTIFICATE VENUE-CODE.
// Prints `contact? PERSON` and `withdraw?`, and waits for a line on stdin after each: the person was where
// a case was, and was not after all. `ruled-out? PERSON` ends the symptoms.

import { expect, expectErrors, open, start, text } from "../browser.mjs";
import {
  checkIn,
  click,
  openOwnPage,
  openPart,
  readCode,
  readStored,
  registerWithPassport,
  submit,
  waitForText,
} from "../resident.mjs";

const { browser, port, venue, ask, stop } = await start();

/** Shows the code at the venue until the door says this. Within a step the door keeps its first answer. */
async function expectAtDoor(page, colour, verdict) {
  const code = await readCode(page);
  const { said } = await checkIn(page, venue, code);
  if (said.colour === colour) {
    expect(said.verdict === verdict, JSON.stringify(said));
    return said;
  }
  const drawn = await page.$eval("#code", (canvas) => canvas.toDataURL());
  await page.waitForFunction((old) => document.getElementById("code").toDataURL() !== old, {}, drawn);
  return expectAtDoor(page, colour, verdict);
}

async function reportFever(page) {
  await openPart(page, "report");
  await page.type("#temperature", "38.2");
  await click(page, "#symptoms input[value=cough]");
  await submit(page, "report-form");
  await waitForText(page, "#report-form .status", "发热门诊");
}

async function appeal(page) {
  await openPart(page, "appeals");
  await page.type("#appeal-text", "当天我不在那里");
  await submit(page, "appeal-form");
  await waitForText(page, "#appeals-list", "当天我不在那里");
}

try {
  const { page, errors } = await open(browser);
  await registerWithPassport(page, port, venue);
  await openOwnPage(page);
  await waitForText(page, "#colour", "绿码");
  const { own } = await readStored(page);

  await ask(`contact? ${own.person}`);
  await waitForText(page, "#colour", "黄码");
  await openPart(page, "why");
  await waitForText(page, "#why-reasons", "同一个空间");
  expect(!(await text(page, "#why-reasons")).includes("co-located"), "a rule's id is shown");
  const refused = await expectAtDoor(page, "yellow", "refuse");
  expect(refused.explanations[0].zh.length > 0 && refused.hotline === "0311-83283507", JSON.stringify(refused));
  await appeal(page);
  await reportFever(page);

  await ask("withdraw?");
  await ask(`ruled-out? ${own.person}`);
  await waitForText(page, "#colour", "绿码");
  await expectAtDoor(page, "green", "check");
  expectErrors(errors);
} finally {
  await stop();
}
