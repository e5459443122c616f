// A resident without a pointer: registers, confirms, checks in, reads the receipt, leaves, and opens parts of
// the own page and files a report there, with Tab, Enter and Space alone. Each element that has the focus
// shows it.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { arrive, expect, expectErrors, open, start, text, visit } from "../browser.mjs";
import { waitForText } from "../resident.mjs";

/** More than the elements of any page that take the focus. */
const PRESSES_MAX = 150;
const { browser, port, venue, stop } = await start();

/** Fails unless the element with the focus shows it by an outline. */
async function expectFocusShown(page, about) {
  const { name, isShown } = await page.evaluate(() => {
    const at = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(at);
    const isOutlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    return { name: at.outerHTML.slice(0, 200), isShown: at.matches(":focus-visible") && isOutlined };
  });
  expect(isShown, `${about}: the focus is not visible on ${name}`);
}

/** Presses Tab until an element has the focus. All on the way show it. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < PRESSES_MAX; presses += 1) {
    await page.keyboard.press("Tab");
    // Behind the last element the focus leaves the page.
    if (await page.evaluate(() => document.activeElement !== document.body)) {
      await expectFocusShown(page, `on the way to ${selector}`);
    }
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) {
      return;
    }
  }
  throw new Error(`Tab does not reach ${selector}`);
}

/** Moves to an element, and presses a key there. */
async function press(page, selector, key) {
  await tabTo(page, selector);
  await page.keyboard.press(key);
}

/** Moves to a field, and types into it. */
async function type(page, selector, words) {
  await tabTo(page, selector);
  await page.keyboard.type(words);
}

/** Waits for a state, whose heading then has the focus. */
async function arriveAt(page, state, heading) {
  await arrive(page, state);
  await page.waitForFunction((wanted) => document.activeElement.matches(wanted), {}, heading);
  await expectFocusShown(page, state);
}

async function register(page) {
  await type(page, "#name", "李四");
  await type(page, "#phone", "13800138001");
  await type(page, "#document-number", "11010519491231002X");
  await press(page, "#register", "Enter");
  await arriveAt(page, "confirming", "#confirmation h1");
  await press(page, "#correct", "Space");
  await arriveAt(page, "registering", "#registration h1");
  await press(page, "#register", "Space");
  await arriveAt(page, "confirming", "#confirmation h1");
  await press(page, "#confirm", "Enter");
  await arriveAt(page, "done", "#verdict");
}

async function leaveAndReturn(page) {
  await page.reload();
  await arrive(page, "receipt");
  expect(/^[0-9A-Z]{8}$/.test(await text(page, "#receipt-id")), "the receipt has no number");
  await press(page, "#leave", "Enter");
  await waitForText(page, "#receipt-left", "已离开");
  await arriveAt(page, "receipt", "#receipt h1");
  await press(page, "#check-in-again", "Space");
  await arriveAt(page, "done", "#verdict");
}

/** Opens a part, or closes it. */
async function toggle(page, id, key) {
  const wasOpen = await page.$eval(`#${id}`, (part) => part.open);
  await press(page, `#${id} > summary`, key);
  await page.waitForFunction((part, before) => document.getElementById(part).open !== before, {}, id, wasOpen);
}

async function useOwnPage(page) {
  await toggle(page, "why", "Enter");
  await waitForText(page, "#why-check-ins", "Venue 0");
  await toggle(page, "health", "Space");
  await toggle(page, "report", "Enter");
  await type(page, "#temperature", "36.6");
  await press(page, "#symptoms input", "Space");
  await page.keyboard.press("Space");
  await press(page, "#report-form > button", "Enter");
  await waitForText(page, "#report-form .status", "已计入");
  await waitForText(page, "#report-list", "36.6");
  await expectFocusShown(page, "after the report");
  for (const id of ["family", "travel", "city", "inquiries", "particulars"]) {
    await toggle(page, id, "Enter");
  }
  await press(page, "#larger", "Space");
  await page.waitForFunction(() => document.documentElement.dataset.size === "large");
}

try {
  const { page, errors } = await open(browser);
  await visit(page, port, venue, "registering");
  await register(page);
  await leaveAndReturn(page);
  await Promise.all([page.waitForNavigation(), press(page, "#own", "Enter")]);
  await arrive(page, "own");
  await useOwnPage(page);
  expectErrors(errors);
} finally {
  await stop();
}
