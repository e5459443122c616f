// Takes the pictures of all audiences' pages for the READMEs, in a gateway of its own with an empty data
// folder. Arguments: GATEWAY FOLDER, the gateway's program and the folder of the pictures. Chromium needs a
// Chinese font.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { arrive, expect, expectErrors, launch, open } from "./browser.mjs";
import { openOwnPage, readCode, readStored, registerWithPassport, waitForText } from "./resident.mjs";
import * as desk from "./terminal/desk.mjs";

const [program, pictures] = process.argv.slice(2);
/** A small phone. 1.25 pixels a point keep the text sharp, and the files small. */
const PHONE = { width: 360, height: 640, deviceScaleFactor: 1.25, isMobile: true, hasTouch: true };
const MINUTE_MS = 60_000;

/** Starts a gateway under a rule pack that requires no code and no face. */
async function startGateway(data) {
  const listen = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const gateway = spawn(program, [...listen, "--data", data, "--policy", "default"]);
  let greeting = "";
  for await (const text of gateway.stdout) {
    greeting += text;
    const port = /listen +127\.0\.0\.1:(\d+)/.exec(greeting)?.[1];
    const admin = /http:\/\/127\.0\.0\.1:\d+\//.exec(greeting)?.[0];
    if (port !== undefined && admin !== undefined) {
      return { gateway, port, admin };
    }
  }
  throw new Error("the gateway did not start");
}

/** The token of a role that the gateway made at its start. */
function firstToken(data, role) {
  return readFileSync(join(data, `${role}.token`), "utf8").trim();
}

/** A new token of a terminal at a venue. */
function terminalToken(data, venue, ...more) {
  const claims = ["--role", "terminal", "--subject", "东门 East Gate", "--ttl", "30d", "--venue", venue];
  return execFileSync(program, ["token", ...claims, "--data", data, ...more], { encoding: "utf8" }).trim();
}

/** Takes a picture of what stands in the window. */
async function take(page, name) {
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** Registers and checks in at a market, and shows the own code. Returns the registration. */
async function takeResidentsPages(browser, port, poster) {
  const { page, errors } = await open(await browser.createBrowserContext());
  await page.setViewport(PHONE);
  await registerWithPassport(page, port, poster, "王芳");
  await page.waitForFunction(() => document.getElementById("now").textContent !== "");
  expect((await page.$eval("body", (body) => body.dataset.colour)) === "green", "the colour is not green");
  await take(page, "check_in");
  await openOwnPage(page);
  await readCode(page);
  await page.waitForFunction(() => document.body.dataset.colour === "green");
  await take(page, "me");
  expectErrors(errors);
  return (await readStored(page)).own;
}

async function takeDoor(browser, port, token) {
  const { page, errors } = await open(await browser.createBrowserContext());
  await page.setViewport({ width: 960, height: 540 });
  await page.goto(`https://localhost:${port}/staff/door#${token}`);
  await arrive(page, "showing");
  await readCode(page);
  await waitForText(page, "#link", "已连接服务器");
  await take(page, "door");
  expectErrors(errors);
}

async function takeTerminal(browser, port, token, registration) {
  const { page, errors } = await open(await browser.createBrowserContext());
  await page.setViewport(PHONE);
  await desk.signIn(page, port, token);
  await desk.scan(page, await desk.codeOf(registration));
  await desk.expectCard(page, "pass", "王*");
  await take(page, "terminal");
  expectErrors(errors);
}

/** Imports earlier visits of four people to three venues, each as venue, person, and minutes ago. */
async function importVisits(page, authority, venues, people) {
  const visits = [
    [0, 0, 600, 540],
    [0, 1, 580, 550],
    [1, 0, 400, 330],
    [1, 2, 390, 350],
    [2, 0, 200, 120],
    [2, 1, 190, 150],
    [2, 3, 180, 130],
  ];
  const lines = visits.flatMap(([venue, person, from, to]) =>
    [["in", from], ["out", to]].map(([direction, ago]) => {
      const at = new Date(Date.now() - ago * MINUTE_MS).toISOString();
      return { venue: venues[venue].venue, person: people[person], at, direction };
    }),
  );
  const answers = await desk.send(page, "POST", "/v1/check-ins/import", authority, lines);
  expect(answers.every(({ code }) => code === undefined), JSON.stringify(answers));
}

/** The contacts of a case on the timeline. */
async function takeConsole(browser, port, tracer, person) {
  const { page, errors } = await open(await browser.createBrowserContext());
  await page.setViewport({ width: 800, height: 340 });
  const address = `https://localhost:${port}/staff/cases`;
  await page.goto(address);
  const [from, to] = [-1_440 * MINUTE_MS, 0].map((ms) => new Date(Date.now() + ms).toISOString());
  const asked = { person, purpose: "outbreak-at-venue", reference: "2022-17", from, to };
  const [opened] = await desk.send(page, "POST", "/v1/cases", tracer, asked);
  await page.goto("about:blank");
  await page.goto(`${address}#${tracer}`);
  await desk.press(page, `查看 Show ${opened.case}`);
  await arrive(page, "case");
  // The trail gives the timeline the outlines of the person's own visits.
  await desk.press(page, "查询轨迹 Read the trail");
  await waitForText(page, "#trail", "数据完整至");
  await desk.press(page, "查询接触者 Ask for the contacts");
  await page.waitForSelector("#graph svg");
  // The heading stands above the timeline.
  await page.$eval("#timeline", (timeline) => timeline.previousElementSibling.scrollIntoView());
  await take(page, "cases");
  expectErrors(errors);
}

async function takeOperations(browser, admin) {
  const { page, errors } = await open(await browser.createBrowserContext());
  await page.setViewport({ width: 960, height: 540 });
  await page.goto(admin);
  await page.waitForFunction(() => document.getElementById("word")?.textContent.includes("OK"));
  await take(page, "operations");
  expectErrors(errors);
}

const data = mkdtempSync(join(tmpdir(), "scangate-pictures-"));
const { gateway, port, admin } = await startGateway(data);
const browser = await launch(port, join(data, "certificate.pem"));
try {
  const [authority, tracer] = [firstToken(data, "authority"), firstToken(data, "tracer")];
  const { page } = await open(browser);
  await page.goto(`https://localhost:${port}/`);
  const names = ["东门菜市场 East Gate Market", "北岭图书馆 North Hill Library", "海棠影院 Haitang Cinema"];
  const lines = names.map((name) => ({ name, kind: "other", district: "Gulou" }));
  const venues = await desk.send(page, "POST", "/v1/venues", authority, lines);
  const others = await desk.importPeople(page, authority, ["欧阳修", "李四", "张三"]);
  const own = await takeResidentsPages(browser, port, venues[0].poster);
  const people = [own, ...others].map(({ person }) => person);
  await importVisits(page, authority, venues, people);
  await takeDoor(browser, port, terminalToken(data, venues[0].venue, "--door", "3"));
  await takeTerminal(browser, port, terminalToken(data, venues[1].venue), own);
  await takeConsole(browser, port, tracer, own.person);
  await takeOperations(browser, admin);
} finally {
  await browser.close();
  gateway.kill();
  rmSync(data, { recursive: true });
}
