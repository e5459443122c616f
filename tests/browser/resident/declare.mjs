// Chromium on the check-in page of a city that asks about health: a visitor declares a symptom, a stay and a
// contact, removes a stay again, reviews the answers, and gets the colour that follows from them.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { arrive, expect, expectErrors, open, start, text, visit } from "../browser.mjs";
import { click } from "../resident.mjs";

const { browser, port, venue: code, stop } = await start();
const DAY_MS = 86_400_000;

/** A date some days ago, as a date field has it. */
function daysAgo(days) {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, "2022-01-04".length);
}

/** Adds an entry to a list, and fills in its fields. */
async function addEntry(page, list, ...values) {
  await click(page, `#add-${list}`);
  const entry = `#${list}-question .entry:nth-last-of-type(1)`;
  await page.waitForSelector(entry);
  await page.$$eval(`${entry} input`, (inputs, values) => {
    inputs.forEach((input, number) => (input.value = values[number] ?? ""));
  }, values);
}

try {
  const { page, errors } = await open(browser);
  await visit(page, port, code, "registering");
  const legends = await page.$$eval("fieldset:not([hidden]) legend", (all) => all.map((one) => one.textContent));
  expect(legends.length === 3 && legends.every((legend) => /[a-z]/.test(legend)), `the questions are ${legends}`);
  await page.type("#name", "张三");
  await page.type("#phone", "13800138000");
  await page.select("#document-type", "passport");
  await page.type("#document-number", "E12345678");
  await click(page, '#symptoms-question input[value="cough"]');
  await addEntry(page, "stays", "130600", daysAgo(5), daysAgo(2));
  await addEntry(page, "stays", "420100", daysAgo(9), daysAgo(8));
  await click(page, "#stays-question .entry:nth-last-of-type(1) button");
  await addEntry(page, "contacts", "jp", daysAgo(3));
  await click(page, "#register");
  await arrive(page, "confirming");
  const entered = await text(page, "#entered");
  for (const words of ["咳嗽", `130600 ${daysAgo(5)} – ${daysAgo(2)}`, `JP ${daysAgo(3)}`]) {
    expect(entered.includes(words), `${words} is not in ${entered}`);
  }
  expect(!entered.includes("420100"), `a removed stay is in ${entered}`);
  await click(page, "#confirm");
  await arrive(page, "done");
  const colour = await text(page, "#colour");
  expect(colour.includes("黄码"), `the colour is ${colour}`);
  const reasons = await text(page, "#reasons");
  expect(reasons.includes("不适症状"), `the reasons are ${reasons}`);
  expectErrors(errors);
} finally {
  await stop();
}
