// Chromium's camera at the terminal: it scans a resident's code, the trail has the visit with its evidence,
// and a camera that does not work explains itself. The arguments are those of terminal.mjs.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arrive, expect, expectErrors, open, start } from "../browser.mjs";
import * as desk from "./desk.mjs";
import { cameraArguments, writeFilm } from "./fake_camera.mjs";

const folder = mkdtempSync(join(tmpdir(), "scangate-camera-"));
const film = join(folder, "film.y4m");
writeFilm(film, null);
const { browser, port, others, stop } = await start(cameraArguments(film));
const setup = JSON.parse(others[0]);
const BUTTON = "摄像头扫码 Scan with the camera";

async function scansACode() {
  const { page, errors } = await open(browser);
  let scans = 0;
  page.on("request", (request) => (scans += request.url().endsWith("/v1/check-ins") ? 1 : 0));
  await desk.signIn(page, port, setup.plain);
  const [person] = await desk.importPeople(page, setup.authority, ["诸葛亮"]);
  writeFilm(film, await desk.codeOf(person));
  await desk.press(page, BUTTON);
  await desk.expectCard(page, "pass", "诸*亮");
  await desk.expectUsable(page, "camera");
  // The code is still in sight. It counts once, also on a slow device that needs seconds for a picture: the
  // page's time passes thirty times as fast.
  await page.evaluate(() => {
    const now = performance.now.bind(performance);
    performance.now = () => 30 * now();
  });
  const isLater = (from) => document.getElementById("camera-picture").currentTime > from + 3;
  await page.waitForFunction(isLater, {}, await page.$eval("#camera-picture", (picture) => picture.currentTime));
  expect(scans === 1, `${scans} scans`);
  const visits = await desk.readVisits(page, setup.tracer, person.person);
  expect(visits.length === 1 && visits[0].evidence === "terminal", JSON.stringify(visits));
  await desk.press(page, BUTTON);
  await desk.waitForText(page, "#camera-status", "摄像头已关闭");
  expect(await page.$eval("#camera-picture", (picture) => picture.hidden && picture.srcObject === null), "it is on");
  expectErrors(errors);
  return person;
}

/** What does not work is said, and the scanner goes on. */
async function goesOnWithout(person) {
  for (const [name, words] of [
    ["NotAllowedError", "没有使用摄像头的权限"],
    ["NotFoundError", "没有找到可用的摄像头"],
  ]) {
    const { page, errors } = await open(browser);
    await page.evaluateOnNewDocument((error) => {
      // The first, empty document has no devices.
      Object.assign(navigator.mediaDevices ?? {}, { getUserMedia: () => Promise.reject(new DOMException("", error)) });
    }, name);
    await desk.signIn(page, port, setup.plain);
    await desk.press(page, BUTTON);
    await desk.waitForText(page, "#camera-status", words);
    await desk.scan(page, await desk.codeOf(person));
    await arrive(page, "pass");
    await desk.expectUsable(page, name);
    expectErrors(errors);
    await page.close();
  }
  const { page } = await open(browser);
  // The service worker has the reader of codes.
  await page.setBypassServiceWorker(true);
  await desk.signIn(page, port, setup.plain);
  await page.setRequestInterception(true);
  page.on("request", (request) => (request.resourceType() === "script" ? request.abort() : request.continue()));
  await desk.press(page, BUTTON);
  await desk.waitForText(page, "#camera-status", "无法识别二维码");
  await desk.scan(page, await desk.codeOf(person));
  await arrive(page, "pass");
}

try {
  const person = await scansACode();
  await goesOnWithout(person);
  console.log(JSON.stringify({ browser: await browser.version() }));
} finally {
  await stop();
  rmSync(folder, { recursive: true });
}
