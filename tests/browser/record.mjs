// Chromium on the resident's own page, under `--policy default`: the record is erased, first while a red
// colour stands against it, and then while nothing does.
// Arguments: PORT CERTIFICATE VENUE-CODE. Prints `confirm? PERSON` and `withdraw?`, and waits for a line on
// stdin after each: the person is a confirmed case, and is none any more.

import process from "node:process";
import { arrive, expect, expectErrors, launch, open, startQuestions, text } from "./browser.mjs";
import {
  addPassportHolder,
  click,
  openOwnPage,
  openPart,
  readStored,
  registerWithPassport,
  submit,
  waitForText,
} from "./resident.mjs";

const [port, certificate, venue] = process.argv.slice(2);
const browser = await launch(port, certificate);
const { ask, stopQuestions } = startQuestions();

/** Asks for the erasure of the record. The browser itself insists on the confirmation. */
async function askForErasure(page) {
  await openPart(page, "particulars");
  await submit(page, "erasure-form");
  expect((await text(page, "#erasure-form .status")) === "", "the record is erased without a confirmation");
  await click(page, "#erasure-confirmed");
  await submit(page, "erasure-form");
}

/** Waits until the page shows why it has no registration any more. */
async function waitForEnd(page) {
  await arrive(page, "unregistered");
  await waitForText(page, "#ended", "此登记已删除");
  const { own, family } = await readStored(page);
  expect(own === null && family === null, "the registration is still stored");
}

/** The request waits while the colour is red, is taken back, is made again, and is carried out by itself. */
async function eraseLater(page) {
  const { own } = await readStored(page);
  await ask(`confirm? ${own.person}`);
  await askForErasure(page);
  await waitForText(page, "#erasure-form .status", "不是绿码");
  await waitForText(page, "#erasure-request", "不是绿码");
  await page.reload();
  await waitForText(page, "#erasure-request", "不是绿码");
  await click(page, "#erasure-request button");
  await waitForText(page, "#erasure-done", "申请已撤回");
  expect((await text(page, "#erasure-request")) === "", "a request is still shown");
  await askForErasure(page);
  await waitForText(page, "#erasure-request", "不是绿码");
  await ask("withdraw?");
  await waitForEnd(page);
}

try {
  const { page, errors } = await open(browser);
  await registerWithPassport(page, port, venue);
  await openOwnPage(page);
  await addPassportHolder(page);
  await eraseLater(page);
  await registerWithPassport(page, port, venue);
  await openOwnPage(page);
  await askForErasure(page);
  await waitForEnd(page);
  // Chromium logs the refusal of the erased person's token as an error.
  expectErrors(errors, "status of 401");
} finally {
  stopQuestions();
  await browser.close();
}
