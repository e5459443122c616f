// Chromium on the resident's own page, under `--policy default`: the record is erased, first while a red
// colour stands against it, and then while nothing does. Another phone with the erased registration ends it.
// Arguments: PORT CERTIFICATE VENUE-CODE. Prints `confirm? PERSON` and `withdraw?`, and waits for a line on
// stdin after each: the person is a confirmed case, and is none any more.

import { arrive, expect, expectErrors, open, start, text, visit } from "../browser.mjs";
import {
  addPassportHolder,
  click,
  openOwnPage,
  openPart,
  readStored,
  registerWithPassport,
  submit,
  waitForText,
} from "../resident.mjs";

const { browser, port, venue, ask, stop } = await start();

/** Asks for the erasure of the record. The browser itself insists on the confirmation. */
async function askForErasure(page) {
  await openPart(page, "particulars");
  await submit(page, "erasure-form");
  expect((await text(page, "#erasure-form .status")) === "", "the record is erased without a confirmation");
  await click(page, "#erasure-confirmed");
  await submit(page, "erasure-form");
}

async function expectNothingStored(page) {
  const { own, family } = await readStored(page);
  expect(own === null && family === null, "the registration is still stored");
}

/** Waits until the page shows why it has no registration any more. */
async function waitForEnd(page) {
  await arrive(page, "unregistered");
  await waitForText(page, "#ended", "此登记已删除");
  await expectNothingStored(page);
}

/** Makes the page poll the overview, in which the erasure has a problem from now on, or none again. */
async function pollErasure(page, problem) {
  await page.evaluate((failed) => {
    window.unchangedFetch ??= window.fetch;
    window.fetch = async (path, how) => {
      const response = await window.unchangedFetch(path, how);
      if (failed === null || !path.endsWith("/overview")) {
        return response;
      }
      const overview = { ...(await response.json()), erasure: { problem: failed } };
      return new Response(JSON.stringify(overview), response);
    };
    window.dispatchEvent(new Event("online"));
  }, problem);
}

/** While the store does not say whether a request waits, the page keeps the request, with a note. */
async function missErasure(page) {
  await pollErasure(page, { status: 503, code: "store-unavailable", retry_after_ms: 1_000 });
  await waitForText(page, "#erasure-away", "暂时无法获取是否有删除申请");
  expect((await text(page, "#erasure-request")).includes("不是绿码"), "the request is not shown any more");
  await waitForText(page, "#colour", "红码");
  await pollErasure(page, null);
  await page.waitForFunction(() => document.getElementById("erasure-away").textContent === "");
  expect((await text(page, "#erasure-request")).includes("不是绿码"), "the request is gone with the note");
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
  await missErasure(page);
  await click(page, "#erasure-request button");
  await waitForText(page, "#erasure-done", "申请已撤回");
  expect((await text(page, "#erasure-request")) === "", "a request is still shown");
  await askForErasure(page);
  await waitForText(page, "#erasure-request", "不是绿码");
  await ask("withdraw?");
  await waitForEnd(page);
}

/** Opens the check-in page of a phone that still stores the erased registration. */
async function checkInErased(page, { own, family }) {
  const store = (registration, dependants) => {
    localStorage.setItem("scangate-registration", JSON.stringify(registration));
    localStorage.setItem("scangate-family", JSON.stringify(dependants));
  };
  await page.evaluate(store, own, family);
  await visit(page, port, venue, "failed");
  await waitForText(page, "#message", "此登记已删除");
  await expectNothingStored(page);
  await click(page, "#again");
  await arrive(page, "registering");
}

try {
  const { page, errors } = await open(browser);
  await registerWithPassport(page, port, venue);
  await openOwnPage(page);
  await addPassportHolder(page);
  const stored = await readStored(page);
  await eraseLater(page);
  await checkInErased(page, stored);
  await registerWithPassport(page, port, venue);
  await openOwnPage(page);
  await askForErasure(page);
  await waitForEnd(page);
  // Chromium logs the refusal of the erased person's token as an error.
  expectErrors(errors, "status of 401");
} finally {
  await stop();
}
