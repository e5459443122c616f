// Chromium on the operations page: its word, and what else it must show, by accessible roles. axe finds
// nothing in both colour schemes, on a narrow screen and with large text.
// Arguments: ADMIN-PORT WORD DEPTH TEXT…. The depth `whole` adds the keyboard, the renewal, and a browser
// without scripts.

import process from "node:process";
import { SCHEMES, expectAccessible, expectNarrow } from "./axe.mjs";
import { WAIT_MS, expect, expectErrors, launchAlone, open } from "./browser.mjs";

const [port, word, depth, ...texts] = process.argv.slice(2);
const address = `http://127.0.0.1:${port}/`;
const browser = await launchAlone();

/** Waits until the page has the word and each text. */
async function waitForTexts(page) {
  const isShown = (wanted, expected) =>
    document.querySelector("[role=status]")?.textContent.startsWith(`${wanted} `) &&
    expected.every((text) => document.querySelector("main").textContent.includes(text));
  await page.waitForFunction(isShown, {}, word, texts);
}

/** The elements of a role in the accessibility tree, by name. */
async function namesOf(page, role) {
  const tree = await page.accessibility.snapshot({ interestingOnly: false });
  const below = (node) => [node, ...(node.children ?? []).flatMap(below)];
  return below(tree).filter((node) => node.role === role).map((node) => node.name);
}

/** Moves the focus to the page's link and follows it. */
async function followByKeyboard(page, name) {
  await page.keyboard.press("Tab");
  const focused = await page.evaluate(() => document.activeElement.textContent);
  expect(focused === name, `the keyboard reached ${focused}`);
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
}

/** The time of the figures. */
function asOf(page) {
  return page.$eval("main time", (time) => time.dateTime);
}

/** Renews itself in place, stops, and begins again, by keyboard alone. */
async function useKeyboard(page) {
  const before = await asOf(page);
  await page.evaluate(() => (window.isSamePage = true));
  await page.waitForFunction((time) => document.querySelector("main time").dateTime !== time, {}, before);
  expect(await page.evaluate(() => window.isSamePage), "the page was loaded again instead of renewed");
  await followByKeyboard(page, "Stop renewing");
  expect((await page.$("script")) === null, "a page that does not renew itself has a script");
  await expectAccessible(page, "without renewal");
  await followByKeyboard(page, "Renew every 10 seconds");
  expect((await page.$("script")) !== null, "the page does not renew itself");
}

/** Reads the page without scripts, which is loaded again by itself. */
async function readWithoutScript() {
  const { page, errors } = await open(browser);
  await page.setJavaScriptEnabled(false);
  await page.goto(address);
  expect((await page.$eval("[role=status]", (state) => state.textContent)).startsWith(word), "no word");
  const main = await page.$eval("main", (main) => main.textContent);
  for (const text of ["Check-ins", "Back office", "The last hour", ...texts]) {
    expect(main.includes(text), `${text} is not on the page without scripts`);
  }
  const before = await asOf(page);
  await page.waitForNavigation({ timeout: WAIT_MS });
  expect((await asOf(page)) !== before, "the page was not loaded again");
  expectErrors(errors);
  await page.close();
}

try {
  const { page, errors } = await open(browser);
  await page.goto(address);
  await waitForTexts(page);
  const headings = await namesOf(page, "heading");
  expect(headings[0] === "Scangate operations" && headings.includes("Gateways"), headings.join(", "));
  const images = await namesOf(page, "image");
  expect(images.length === 4 && images.every((name) => name.includes("in the last hour")), images.join(", "));
  await expectAccessible(page, word, SCHEMES);
  await expectNarrow(page, word);
  if (depth === "whole") {
    await useKeyboard(page);
    await readWithoutScript();
  }
  expectErrors(errors);
} finally {
  await browser.close();
}
