// Chromium as the screen at a door. It shows codes that the gateway accepts, with the server and without it.
// Where it has none, it says why. axe finds no violation in any state.
// Arguments: PORT CERTIFICATE VENUE-CODE TOKENS, tokens as JSON by name. Prints `scan? CODE`, and reads the
// status of a check-in with the code; prints `revoke?`, and reads a line once the token `door` is revoked.

import axe from "axe-core";
import { arrive, expect, expectErrors, open, start } from "./browser.mjs";
import { decode, waitForText } from "./resident.mjs";

const {
  browser,
  port,
  others: [given],
  ask,
  stop,
} = await start();
const tokens = JSON.parse(given);
const ADDRESS = `https://localhost:${port}/staff/door`;
/** The widths and letter sizes at which the page must be usable. */
const SIZES = [
  { width: 1280, height: 800, letters: "100%" },
  { width: 320, height: 640, letters: "100%" },
  { width: 640, height: 800, letters: "200%" },
];

/** Counts the page's wake locks, and shifts the device's clock. */
async function prepare(page, aheadMs = 0) {
  await page.evaluateOnNewDocument((ahead) => {
    window.wakeLocks = 0;
    const request = async () => void (window.wakeLocks += 1);
    Object.defineProperty(navigator, "wakeLock", { value: { request }, configurable: true });
    const device = Date.now.bind(Date);
    Date.now = () => device() + ahead;
  }, aheadMs);
}

/** Opens the page with a token in its address. A new page each time: another fragment would not load it. */
async function signIn(page, token) {
  await page.goto("about:blank");
  await page.goto(token === undefined ? ADDRESS : `${ADDRESS}#${token}`);
}

/** Fails if axe finds a violation, or if the page is wider than the screen, in any size. */
async function expectUsable(page, state) {
  for (const { width, height, letters } of SIZES) {
    await page.setViewport({ width, height });
    await page.evaluate((size) => void (document.documentElement.style.fontSize = size), letters);
    await page.evaluate(axe.source);
    const found = await page.evaluate(async () => ({
      violations: (await window.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`),
      overflow: document.documentElement.scrollWidth - innerWidth,
      text: document.body.innerText.trim(),
    }));
    expect(found.violations.length === 0, `${state} ${width}: ${found.violations.join("\n")}`);
    expect(found.overflow <= 0, `${state} is ${found.overflow} px too wide at ${width}`);
    expect(found.text.length > 20, `${state} is blank`);
  }
}

/** The code in the QR on the screen, once it is not this one. */
async function readCode(page, before = "") {
  for (;;) {
    await page.waitForFunction(() => document.getElementById("code").width !== 300);
    const address = await decode(page, "#code");
    const code = address?.startsWith(`https://localhost:${port}/v/`) ? address.split("/v/")[1] : null;
    expect(code !== null, `the code reads ${address}`);
    if (code !== before) {
      return code;
    }
    const drawn = await page.$eval("#code", (canvas) => canvas.toDataURL());
    await page.waitForFunction((old) => document.getElementById("code").toDataURL() !== old, {}, drawn);
  }
}

/** Fails unless a phone that scans the screen is checked in. */
async function expectAccepted(page, before) {
  const code = await readCode(page, before);
  const status = await ask(`scan? ${code}`);
  expect(status === "200", `the gateway answers ${status}`);
  return code;
}

/** The screen as a screen reader hears it. */
async function expectRoles(page) {
  await page.waitForSelector(`aria/Venue 0[role="heading"]`);
  await page.waitForSelector(`aria/请用手机相机扫码登记 Scan with your phone's camera to check in[role="image"]`);
  await page.waitForSelector(`[role="status"]`);
  const controls = await page.$$eval("a, button, input, [tabindex]", (found) => found.length);
  expect(controls === 0, `a screen without a keyboard has ${controls} controls`);
}

async function showsCodes() {
  const { page, errors } = await open(browser);
  await prepare(page);
  await signIn(page);
  await arrive(page, "unsigned");
  await expectUsable(page, "unsigned");

  await signIn(page, tokens.door);
  await arrive(page, "showing");
  await waitForText(page, "#link", "已连接服务器");
  await waitForText(page, "#door", "3 号门");
  const { address, locks } = await page.evaluate(() => ({ address: location.href, locks: window.wakeLocks }));
  expect(address === ADDRESS, `the address stays ${address}`);
  expect(locks === 1, `${locks} wake locks`);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.waitForFunction(() => window.wakeLocks === 2);
  await expectRoles(page);
  await expectUsable(page, "showing");
  const code = await expectAccepted(page);

  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await page.setOfflineMode(true);
  await waitForText(page, "#link", "连接中断");
  await expectUsable(page, "offline");
  const later = await expectAccepted(page, code);
  await page.reload();
  await arrive(page, "showing");
  await waitForText(page, "#link", "还没有连上服务器");
  await expectUsable(page, "offline after a reload");
  await expectAccepted(page, later);
  await page.setOfflineMode(false);
  await waitForText(page, "#link", "已连接服务器");
  expectErrors(errors, "ERR_INTERNET_DISCONNECTED");
  await page.close();
}

/** A device whose clock is off shows codes by the server's. */
async function followsTheServersClock() {
  const { page, errors } = await open(browser);
  await prepare(page, 95_000);
  await signIn(page, tokens.door);
  await arrive(page, "showing");
  await waitForText(page, "#drift", "已按服务器校正");
  await expectAccepted(page);
  expectErrors(errors);
  await page.close();
}

/** Tokens that do not open the screen, or not for long. */
async function saysWhyThereIsNoCode() {
  const { page, errors } = await open(browser);
  await prepare(page);
  for (const [token, state, words] of [
    [tokens.doorless, "role-wrong", "不能用于门口显示屏"],
    [tokens.ended, "ended", "登录已到期"],
    [tokens.unknown, "venue-unknown", "没有此登录所属的场所"],
  ]) {
    await signIn(page, token);
    await arrive(page, state);
    await waitForText(page, "#problem", words);
    await expectUsable(page, state);
  }
  await signIn(page, tokens.soon);
  await arrive(page, "showing");
  await waitForText(page, "#token-end[data-warning]", "请尽快换新的登录链接");

  await signIn(page, tokens.door);
  await arrive(page, "showing");
  await ask("revoke?");
  await page.reload();
  await arrive(page, "refused");
  await waitForText(page, "#problem", "Ask an operator for a new link");
  await expectUsable(page, "refused");
  const stored = await page.evaluate(() => localStorage.getItem("scangate-door"));
  expect(stored === null, "the screen keeps a key that the server refused");
  expectErrors(errors, "status of 401", "status of 403", "status of 422");
  await page.close();
}

try {
  await showsCodes();
  await followsTheServersClock();
  await saysWhyThereIsNoCode();
} finally {
  await stop();
}
