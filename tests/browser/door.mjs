// Chromium as the screen at a door. It shows codes that the gateway accepts, with the server and without it.
// Where it has none, it says why. axe finds no violation in any state. A phone photographs the screen, and
// its holder checks in.
// Arguments: PORT CERTIFICATE VENUE-CODE TOKENS, the code of another venue, and tokens as JSON by name.
// Prints `scan? CODE`, and reads the status of a check-in with the code. Prints `revoke?` and `close?`, and
// reads a line once the token `door` is revoked and the door's venue is closed.

import { expectAccessible, expectNarrow } from "./axe.mjs";
import { arrive, expect, expectErrors, open, start } from "./browser.mjs";
import { decode, photograph, readStored, registerWithPassport, waitForText } from "./resident.mjs";
import { readVisits } from "./terminal/desk.mjs";

const {
  browser,
  port,
  venue: elsewhere,
  others: [given],
  ask,
  stop,
} = await start();
const tokens = JSON.parse(given);
const DAY_MS = 86_400_000;
const ADDRESS = `https://localhost:${port}/staff/door`;
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

/** Fails if axe finds a violation, if the page is wider than a narrow screen, or if it is blank. */
async function expectUsable(page, state) {
  await page.setViewport({ width: 1280, height: 800 });
  await expectAccessible(page, state);
  await expectNarrow(page, state);
  const shown = await page.evaluate(() => document.body.innerText.trim());
  expect(shown.length > 20, `${state} is blank`);
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

/** Without a first answer of the server there is no key. A device whose clock was set back has one, and does
 * not know the time. */
async function waitsForTheServer() {
  const context = await browser.createBrowserContext();
  const waiting = await open(context);
  await prepare(waiting.page);
  const findKey = await loseKey(waiting.page);
  await signIn(waiting.page, tokens.door);
  await arrive(waiting.page, "waiting");
  await waitForText(waiting.page, "#link", "还没有连上服务器");
  await expectUsable(waiting.page, "waiting");
  findKey();
  await arrive(waiting.page, "showing");
  expectErrors(waiting.errors, "ERR_FAILED");
  await waiting.page.close();

  const reset = await open(context);
  await prepare(reset.page, -DAY_MS);
  const findKeyAgain = await loseKey(reset.page);
  await signIn(reset.page);
  await arrive(reset.page, "clock-lost");
  await expectUsable(reset.page, "clock-lost");
  findKeyAgain();
  await arrive(reset.page, "showing");
  await expectAccepted(reset.page);
  expectErrors(reset.errors, "ERR_FAILED");
  await context.close();
}

/** Lets all requests for the door's key fail, until the returned function is called. */
async function loseKey(page) {
  let isLost = true;
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const isKey = request.url().endsWith("/v1/doors/me/key");
    void (isLost && isKey ? request.abort("failed") : request.continue());
  });
  return () => void (isLost = false);
}

/** A registered resident photographs the screen and opens the address. The trail names the door as evidence.
 * */
async function checksAResidentIn() {
  const { page: screen } = await open(browser);
  await signIn(screen, tokens.door);
  await arrive(screen, "showing");
  const { page: phone, errors } = await open(await browser.createBrowserContext());
  await registerWithPassport(phone, port, elsewhere);
  await readCode(screen);
  const address = await photograph(screen);
  expect(address?.startsWith(`https://localhost:${port}/v/`), `the photograph reads ${address}`);
  await phone.goto(address);
  await arrive(phone, "done");
  await waitForText(phone, "#venue", "Venue 0");
  const { own } = await readStored(phone);
  const visits = await readVisits(phone, tokens.tracer, own.person, 2);
  const evidence = visits.map(({ evidence: kind }) => kind).sort();
  expect(JSON.stringify(evidence) === '["door","poster"]', JSON.stringify(visits));
  expectErrors(errors);
  await screen.close();
  await phone.browserContext().close();
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
  await expectUsable(page, "last day");

  await signIn(page, tokens.door);
  await arrive(page, "showing");
  await ask("revoke?");
  await page.reload();
  await arrive(page, "refused");
  await waitForText(page, "#problem", "Ask an operator for a new link");
  await expectUsable(page, "refused");
  const stored = await page.evaluate(() => localStorage.getItem("scangate-door"));
  expect(stored === null, "the screen keeps a key that the server refused");

  await signIn(page, tokens.other);
  await arrive(page, "showing");
  await ask("close?");
  await page.reload();
  await arrive(page, "venue-closed");
  await waitForText(page, "#problem", "场所");
  await expectUsable(page, "venue-closed");
  expectErrors(errors, "status of 401", "status of 403", "status of 422");
  await page.close();
}

try {
  await showsCodes();
  await followsTheServersClock();
  await waitsForTheServer();
  await checksAResidentIn();
  await saysWhyThereIsNoCode();
} finally {
  await stop();
}
