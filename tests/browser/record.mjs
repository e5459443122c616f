// Chromium on the resident's own page, under `--policy default`: the keys of the phone move to the newest
// kid. Then the record is erased, first while a red colour stands against it, and then while nothing does.
// Arguments: PORT CERTIFICATE VENUE-CODE. Prints `rotate?`, `confirm? PERSON` and `withdraw?`, and waits for
// a line on stdin after each: the keys were rotated, the person is a confirmed case, and is none any more.

import process from "node:process";
import { WAIT_MS, arrive, expect, expectErrors, launch, open, startQuestions, text } from "./browser.mjs";
import {
  addPassportHolder,
  checkIn,
  click,
  openOwnPage,
  openPart,
  readCode,
  registerWithPassport,
  submit,
  waitForText,
} from "./resident.mjs";

const [port, certificate, venue] = process.argv.slice(2);
const browser = await launch(port, certificate);
const { ask, stopQuestions } = startQuestions();

/** The kid and the person in a code. */
function parseCode(code) {
  const bytes = Buffer.from(code, "base64url");
  return { kid: bytes[1], person: bytes.subarray(2, 10).toString("hex") };
}

/** The code on the screen, once it is one that is waited for. */
async function waitForCode(page, isWanted) {
  const until = Date.now() + WAIT_MS;
  let code = await readCode(page);
  while (!isWanted(parseCode(code)) && Date.now() < until) {
    code = await readCode(page);
  }
  expect(isWanted(parseCode(code)), `the code reads ${code}`);
  return code;
}

/** The registrations that this browser stores: the own one, and those of dependants. */
function readStored(page) {
  return page.evaluate(() => ({
    own: JSON.parse(localStorage.getItem("scangate-registration")),
    family: JSON.parse(localStorage.getItem("scangate-family")),
  }));
}

/** After a rotation the page, when it is opened again, moves the own key and the dependant's. Both open the
 * door. */
async function moveKeys(page) {
  const before = await readStored(page);
  await ask("rotate?");
  await page.reload();
  await page.waitForFunction(() => {
    const read = (place) => JSON.parse(localStorage.getItem(place));
    return [read("scangate-registration"), ...read("scangate-family")].every(({ kid }) => kid === 2);
  });
  const { own, family } = await readStored(page);
  expect(own.person === before.own.person && own.key !== before.own.key, "the own key is the same");
  expect(family[0].person === before.family[0].person, "the dependant is another person");
  expect(family[0].name === "李小四" && family[0].key !== before.family[0].key, "the dependant's key is the same");
  const mine = await waitForCode(page, ({ kid }) => kid === 2);
  await page.select("#whose", family[0].person);
  const theirs = await waitForCode(page, ({ person }) => person !== parseCode(mine).person);
  await page.select("#whose", "");
  for (const code of [mine, theirs]) {
    const { status, said } = await checkIn(page, venue, code);
    expect(status === 200, `the door says ${status} ${JSON.stringify(said)}`);
  }
}

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
  await moveKeys(page);
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
