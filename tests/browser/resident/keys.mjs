// Chromium on a phone whose keys move to the newest kid, under `--policy default`: on the resident's own
// page, and on the check-in page, if its owner opens no other. In between, the authority issues a dependant
// new keys, which the guardian's phone fetches.
// Arguments: PORT CERTIFICATE VENUE-CODE. Prints `rotate?`, `withdraw? KID` and `issue? PERSON`, and reads
// the status of the gateway's answer from stdin after each.

import { WAIT_MS, expect, expectErrors, open, start, text, visit } from "../browser.mjs";
import {
  addPassportHolder,
  checkIn,
  click,
  openOwnPage,
  openPart,
  readCode,
  readStored,
  registerWithPassport,
  waitForText,
} from "../resident.mjs";

const KEY_PATH = "/v1/people/me/key";
const { browser, port, venue, ask, stop } = await start();

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

/** Waits until this browser stores the own key and the dependant's under a kid, as other keys of the same
 * people. */
async function waitForMove(page, before, newest) {
  await page.waitForFunction(
    (wanted) => {
      const read = (place) => JSON.parse(localStorage.getItem(place));
      return [read("scangate-registration"), ...read("scangate-family")].every(({ kid }) => kid === wanted);
    },
    {},
    newest,
  );
  const { own, family } = await readStored(page);
  expect(own.person === before.own.person && own.key !== before.own.key, "the own key is the same");
  expect(family[0].person === before.family[0].person, "the dependant is another person");
  expect(family[0].name === "李小四" && family[0].key !== before.family[0].key, "the dependant's key is the same");
}

/** Makes the own key due to be fetched again, which a new key is not for a day at least. */
async function ageKey(page) {
  await page.evaluate(() => {
    const stored = JSON.parse(localStorage.getItem("scangate-registration"));
    stored.fetchAtMs -= 7 * 86_400_000;
    localStorage.setItem("scangate-registration", JSON.stringify(stored));
  });
}

/** The resident's page moves the keys whenever the overview has a newer kid. Both open the door. */
async function moveOnOwnPage(page) {
  const before = await readStored(page);
  await ask("rotate?");
  await page.reload();
  await waitForMove(page, before, 2);
  const mine = await waitForCode(page, ({ kid }) => kid === 2);
  await page.select("#whose", before.family[0].person);
  const theirs = await waitForCode(page, ({ person }) => person !== parseCode(mine).person);
  await page.select("#whose", "");
  for (const code of [mine, theirs]) {
    const { status, said } = await checkIn(page, venue, code);
    expect(status === 200, `the door says ${status} ${JSON.stringify(said)}`);
  }
}

/** The family list says that the dependant's stored key has ended. The guardian fetches the new one. */
async function fetchNewKey(page) {
  const before = await readStored(page);
  await openPart(page, "family");
  await waitForText(page, "#family-list", "在本机已失效");
  await click(page, "#family-list ::-p-text(在本机亮码)");
  await waitForText(page, "#family > .status", "已添加");
  const { family } = await readStored(page);
  expect(family.length === 1 && family[0].key !== before.family[0].key, "the ended key is still stored");
  const list = await text(page, "#family-list");
  expect(!list.includes("已失效") && !list.includes("在本机亮码"), `the list says ${list}`);
  await click(page, "#family > summary");
}

/** The phone notices a dependant's new key when the family list is opened, and while the code is shown. */
async function followNewKeys(page) {
  const { person } = (await readStored(page)).family[0];
  await ask(`issue? ${person}`);
  await fetchNewKey(page);
  await ask(`issue? ${person}`);
  await page.select("#whose", person);
  await waitForText(page, "#as-of", "在本机已失效");
  expect((await text(page, "#colour")).includes("未知"), "an ended code has a colour");
  await fetchNewKey(page);
  await waitForText(page, "#colour", "绿码");
  const { status } = await checkIn(page, venue, await readCode(page));
  expect(status === 200, `the door says ${status} of the new key's code`);
}

/** A phone that opens only the check-in page moves its keys, once its own key is due. The earlier kid can
 * then be withdrawn. */
async function moveOnCheckInPage(page) {
  // The resident's page would move the keys with its next overview.
  await visit(page, port, venue, "done");
  const before = await readStored(page);
  const sent = [];
  page.on("request", (request) => request.url().endsWith(KEY_PATH) && sent.push(request));
  await ask("rotate?");
  const refused = await ask("withdraw? 2");
  expect(refused === "409", `a kid in use is withdrawn with ${refused}`);
  await visit(page, port, venue, "done");
  // Meanwhile a key that is due would be fetched.
  await page.evaluate(() => fetch("/v1/notices"));
  expect(sent.length === 0, "a key that is not due is fetched again");
  await ageKey(page);
  await visit(page, port, venue, "done");
  await waitForMove(page, before, 3);
  expect(sent.length === 2, `two keys were fetched with ${sent.length} requests`);
  const withdrawn = await ask("withdraw? 2");
  expect(withdrawn === "204", `an unused kid is withdrawn with ${withdrawn}`);
  await visit(page, port, venue, "done");
}

try {
  const { page, errors } = await open(browser);
  await registerWithPassport(page, port, venue);
  await openOwnPage(page);
  await addPassportHolder(page);
  await moveOnOwnPage(page);
  expectErrors(errors);
  await followNewKeys(page);
  await moveOnCheckInPage(page);
  // Chromium logs the refusals of the ended keys as errors.
  expectErrors(errors, "status of 401");
} finally {
  await stop();
}
