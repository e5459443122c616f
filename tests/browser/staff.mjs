// What all pages of the staff do alike: a page whose script fails once opens again and is signed in, and the
// terminal and the console have a language and a size that a person chooses.
// Arguments: PORT CERTIFICATE VENUE-CODE TOKENS, tokens as JSON by the page's name.

import { expectAccessible, expectNarrow } from "./axe.mjs";
import { breakOnce } from "./broken_script.mjs";
import { arrive, expect, expectErrors, open, start } from "./browser.mjs";

const { browser, port, others, stop } = await start();
const tokens = JSON.parse(others[0]);
/** The state of each page after its sign-in. */
const STATES = { door: "showing", terminal: "ready", cases: "cases" };
const addressOf = (name) => `https://localhost:${port}/staff/${name}`;

function press(page, name) {
  return page.locator(`::-p-aria(${name}[role="button"])`).click();
}

/** Whether text of a language is visible in the heading, and the size of the body's letters. */
function look(page) {
  return page.evaluate(() => {
    const isShown = (language) => document.querySelector(`h1 [lang="${language}"]`).checkVisibility();
    const fontPx = parseFloat(getComputedStyle(document.body).fontSize);
    return { zh: isShown("zh-CN"), en: isShown("en"), fontPx };
  });
}

/** Chooses a view by the buttons in the foot. It lasts when the page is loaded again. */
async function choosesView(name) {
  const context = await browser.createBrowserContext();
  const { page, errors } = await open(context);
  await page.goto(`${addressOf(name)}#${tokens[name]}`);
  await arrive(page, STATES[name]);
  const before = await look(page);
  expect(before.zh && before.en, `${name} begins with ${JSON.stringify(before)}`);
  await expectAccessible(page, `${name} in both languages`);
  await press(page, "English");
  const english = await look(page);
  expect(english.en && !english.zh, `${name} in English: ${JSON.stringify(english)}`);
  await expectAccessible(page, `${name} in English`);
  await press(page, "Larger text");
  await page.reload();
  await arrive(page, STATES[name]);
  const large = await look(page);
  expect(large.en && !large.zh && large.fontPx > before.fontPx, `${name} after a reload: ${JSON.stringify(large)}`);
  await press(page, "中文");
  const chinese = await look(page);
  expect(chinese.zh && !chinese.en, `${name} in Chinese: ${JSON.stringify(chinese)}`);
  await expectAccessible(page, `${name} in Chinese and large`);
  await expectNarrow(page, `${name} in Chinese and large`);
  expectErrors(errors);
  await context.close();
}

try {
  for (const [name, state] of Object.entries(STATES)) {
    await breakOnce(browser, `${addressOf(name)}#${tokens[name]}`, (page) => arrive(page, state));
  }
  await choosesView("terminal");
  await choosesView("cases");
} finally {
  await stop();
}
