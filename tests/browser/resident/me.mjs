// Chromium on the resident's own page, under `--policy xinji`, which requires no code and no
// face. A resident registers at a venue, follows the link, and uses each part of the page. An independent
// decoder reads the code, the gateway accepts it at the door, and it keeps changing without a network.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { WAIT_MS, arrive, expect, expectErrors, open, start, text } from "../browser.mjs";
import {
  addPassportHolder,
  checkIn,
  click,
  decode,
  openOwnPage,
  openPart,
  readCode,
  registerWithPassport,
  submit,
  waitForText,
} from "../resident.mjs";

const { browser, port, venue, stop } = await start();

/** Selects the option at a position. The first is 1. */
async function choose(page, selector, place) {
  await page.select(selector, await page.$eval(`${selector} option:nth-child(${place})`, (option) => option.value));
}

/** Waits until another code is on the screen, after an action that may change it. */
async function change(page, cause = async () => {}) {
  const before = await page.$eval("#code", (canvas) => canvas.toDataURL());
  await cause();
  const isOther = (old) => document.getElementById("code").toDataURL() !== old;
  await page.waitForFunction(isOther, {}, before);
}

/** The elements that must not be empty and are. */
function findBlanks(page) {
  const shown = ["#countdown", "#colour", "#as-of", "#now", "#policy-title", "#policy-hotline"];
  return page.evaluate(
    (selectors) => selectors.filter((selector) => document.querySelector(selector).textContent.trim() === ""),
    [...shown, "#notices-list", "#province-list", "#itinerary-list", "#areas-list", "#policy-list"],
  );
}

/** Waits until none of them is empty. */
async function waitForContent(page) {
  const until = Date.now() + WAIT_MS;
  let blank = await findBlanks(page);
  while (blank.length > 0 && Date.now() < until) {
    blank = await findBlanks(page);
  }
  expect(blank.length === 0, `these are blank: ${blank}`);
}

/** Opens the page on an unregistered phone, which explains how to register. */
async function openUnregistered(page) {
  await page.goto(`https://localhost:${port}/me`);
  await arrive(page, "unregistered");
  expect((await text(page, "#unregistered")).includes("扫描"), await text(page, "#unregistered"));
}

async function showCode(page) {
  const code = await readCode(page);
  expect(code?.length === 40, `the code reads ${code}`);
  const { status, said } = await checkIn(page, venue, code);
  expect(status === 200 && said.colour === "green", `the door says ${status} ${JSON.stringify(said)}`);
  await waitForText(page, "#colour", "绿码");
  await waitForText(page, "#as-of", "截至");
  expect((await page.$eval("#shape-path", (path) => path.getAttribute("d"))).endsWith("M29 52 L44 67 L72 35"), "no tick is shown");
  await change(page);
  const next = await readCode(page);
  expect(next?.length === 40 && next !== code, `the next code reads ${next}`);
}

async function report(page) {
  await openPart(page, "report");
  await page.type("#temperature", "36.6");
  await submit(page, "report-form");
  await waitForText(page, "#report-form .status", "已计入");
  await waitForText(page, "#report-list", "36.6");
}

async function declare(page) {
  await openPart(page, "declarations");
  await page.type("#declaration-text", "近14天未离开本市 <b>&amp;");
  await submit(page, "declaration-form");
  await waitForText(page, "#declarations-list", "草稿");
  await waitForText(page, "#declarations-list", "近14天未离开本市 <b>&amp;");
  await click(page, "#declarations-list button");
  await waitForText(page, "#declarations > .status", "已确认");
  await waitForText(page, "#declarations-list", "✓ 已确认");
}

/** Declares a stay in an area without risk. The earlier declaration stays on record. */
async function restate(page) {
  await click(page, "#add-stays");
  await page.$$eval("#stays-question .entry input", (inputs) => {
    ["130600", "2022-01-01", "2022-01-02"].forEach((value, number) => (inputs[number].value = value));
  });
  await submit(page, "statement-form");
  await waitForText(page, "#statement-form .status", "已更新");
  await waitForText(page, "#declarations-list", "130600");
  await waitForText(page, "#declarations-list", "近14天未离开本市");
}

/** Shows the certificate for other cities, whose QR code holds its text. */
async function showCertificate(page) {
  await openPart(page, "particulars");
  await click(page, "#certificate-button button");
  await page.waitForSelector("#certificate-code");
  const shown = await page.$eval("#certificate textarea", (area) => area.value);
  const read = await decode(page, "#certificate-code");
  expect(shown.length > 300 && read === shown, `the certificate's code reads ${read}`);
}

/** Books one of the two places at the only test site, and cancels the booking. */
async function book(page) {
  await openPart(page, "bookings");
  await waitForText(page, "#bookings-list", "暂无预约");
  await waitForText(page, "#site", "云龙 市民中心采样点");
  await choose(page, "#site", 2);
  await waitForText(page, "#site-about", "云龙区新城大道1号");
  await choose(page, "#day", 3);
  await waitForText(page, "#slot option:nth-child(2)", "00:00–01:00 · 余2个");
  await choose(page, "#slot", 2);
  await submit(page, "booking-form");
  await waitForText(page, "#booking-form > .status:last-child", "已预约");
  await waitForText(page, "#bookings-list", "市民中心采样点");
  await waitForText(page, "#bookings-list", "云龙区新城大道1号");
  await waitForText(page, "#slot option:nth-child(2)", "余1个");
  await click(page, "#bookings-list button");
  await waitForText(page, "#bookings > .status", "已取消");
  await waitForText(page, "#bookings-list", "暂无预约");
  await waitForText(page, "#slot option:nth-child(2)", "余2个");
}

async function ask(page) {
  await openPart(page, "questions");
  await page.type("#question-text", "从外地回来要做什么？");
  await submit(page, "question-form");
  await waitForText(page, "#question-form .status", "编号 n");
  const id = (await text(page, "#question-form .status")).match(/n[0-9a-z]{13}/)?.[0];
  await waitForText(page, "#questions-list", id);
}

async function addDependant(page) {
  const own = await readCode(page);
  await addPassportHolder(page);
  const person = await page.$eval("#whose option:nth-child(2)", (option) => option.value);
  await change(page, () => page.select("#whose", person));
  await waitForText(page, "#colour", "绿码");
  const theirs = await readCode(page);
  // A code's first bytes contain the person's id.
  expect(theirs?.length === 40 && theirs.slice(0, 12) !== own.slice(0, 12), `the dependant's code reads ${theirs}`);
  const { status } = await checkIn(page, venue, theirs);
  expect(status === 200, `the door says ${status} of the dependant`);
  await page.select("#whose", "");
}

/** Without a network the code keeps changing, the colour is unknown after a minute, and nothing is empty. */
async function goOffline(page) {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await page.setOfflineMode(true);
  await Promise.all([change(page), waitForText(page, "#colour", "未知")]);
  expect((await text(page, "#as-of")).includes("以后未能更新"), await text(page, "#as-of"));
  expect((await readCode(page))?.length === 40, "without a network the code cannot be read");
  const blank = await findBlanks(page);
  expect(blank.length === 0, `without a network these are blank: ${blank}`);
  await reopen(page);
  await page.setOfflineMode(false);
  await waitForText(page, "#colour", "绿码");
}

/** Opens the page without a network: it shows a code. */
async function reopen(page) {
  await page.reload();
  await arrive(page, "own");
  const code = await readCode(page);
  expect(code?.length === 40, `opened without a network the code reads ${code}`);
  await waitForText(page, "#colour", "未知");
}

try {
  const { page, errors } = await open(browser);
  await openUnregistered(page);
  await registerWithPassport(page, port, venue);
  await openOwnPage(page);
  await showCode(page);
  await waitForText(page, "#policy-hotline", "咨询电话");
  await waitForContent(page);
  await report(page);
  await declare(page);
  await restate(page);
  await book(page);
  await ask(page);
  await showCertificate(page);
  await addDependant(page);
  expectErrors(errors);
  await goOffline(page);
  expect(!(await page.content()).includes("系统繁忙"), "the page says that the system is busy");
  expectErrors(errors, "ERR_INTERNET_DISCONNECTED");
} finally {
  await stop();
}
