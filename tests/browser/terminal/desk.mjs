// The acts of staff at a terminal, and what they need: people, codes, a browser that is signed in. The
// scripts of the terminal share these functions.

import { randomInt } from "node:crypto";
import { currentStep, makePersonCode } from "../../../gateway/web/codes/person_code.js";
import { SCHEMES, expectAccessible, expectNarrow } from "../axe.mjs";
import { arrive, expect, text } from "../browser.mjs";

/** The smallest side of what a finger has to hit. **Units**: CSS pixels. */
const TARGET_PX_MIN = 44;
const HOUR_MS = 3_600_000;

/** Sends a request from a page of the gateway. A list is sent as lines. */
export function send(page, method, path, token, body) {
  return page.evaluate(
    async (request) => {
      const isLines = Array.isArray(request.body);
      const lines = (isLines ? request.body : [request.body]).map((line) => JSON.stringify(line)).join("\n");
      const kind = isLines ? "application/x-ndjson" : "application/json";
      const headers = { authorization: request.token, "content-type": kind };
      const body = request.body === null ? undefined : lines;
      const response = await fetch(request.path, { method: request.method, headers, body });
      const said = await response.text();
      if (!response.ok) {
        throw new Error(`${request.path}: ${said}`);
      }
      return said.trim().split("\n").map((line) => JSON.parse(line));
    },
    { method, path, token: `Bearer ${token}`, body: body ?? null },
  );
}

/** The visits on a person's trail of the last hour, once there are this many. */
export async function readVisits(page, tracer, person, count = 1) {
  const [from, to] = [-HOUR_MS, HOUR_MS].map((ms) => new Date(Date.now() + ms).toISOString());
  const asked = { person, purpose: "contact-tracing", reference: "1", from, to };
  const [opened] = await send(page, "POST", "/v1/cases", tracer, asked);
  for (;;) {
    const [trail] = await send(page, "GET", `/v1/cases/${opened.case}/trail`, tracer);
    if (trail.visits.length >= count) {
      return trail.visits;
    }
  }
}

/** Registers people by their names, as an authority imports them. Returns their keys and documents. */
export async function importPeople(page, authority, names) {
  const lines = names.map((name) => {
    const number = String(randomInt(1e7, 1e8));
    return { name, phone: `138${number}`, document: { type: "passport", number: `E${number}` } };
  });
  const registrations = await send(page, "POST", "/v1/people/import", authority, lines);
  return registrations.map((registration, place) => ({ ...registration, document: lines[place].document.number }));
}

/** The code that a person's phone shows now, or showed some steps ago. */
export function codeOf(registration, stepsAgo = 0) {
  return makePersonCode(registration, currentStep() - stepsAgo);
}

/** Opens the terminal by a sign-in link, and waits for a state. */
export async function signIn(page, port, token, state = "ready") {
  await page.goto("about:blank");
  await page.goto(`https://localhost:${port}/staff/terminal#${token}`, { waitUntil: "load" });
  await arrive(page, state);
}

/** Types like a USB scanner: without looking where the focus is, and with Enter at the end. */
export async function scan(page, code) {
  await page.keyboard.type(code);
  await page.keyboard.press("Enter");
}

/** Waits until the card has no answer. */
export async function leave(page) {
  await page.waitForFunction(() => document.getElementById("people").childElementCount === 0);
}

/** Presses the button of this name, once it can be pressed. */
export async function press(page, name) {
  await page.locator(`::-p-aria(${name}[role="button"])`).click();
}

/** Waits until an element contains a text. */
export async function waitForText(page, selector, words) {
  const isSaid = (where, wanted) => document.querySelector(where)?.textContent.includes(wanted) ?? false;
  await page.waitForFunction(isSaid, {}, selector, words);
}

/** Fails if the card's word, frame or people lack one of these texts. */
export async function expectCard(page, state, ...words) {
  await arrive(page, state);
  const shown = await text(page, "#verdict-card");
  expect(words.every((word) => shown.includes(word)), `${state}: ${shown}`);
}

/** Lets a page remember the tones and vibrations that it gives. */
export function recordSignals(page) {
  return page.evaluateOnNewDocument(() => {
    window.signals = { tones: [], vibrations: [] };
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
      window.signals.tones.push(this.frequency.value);
      return start.apply(this, when);
    };
    navigator.vibrate = (pattern) => window.signals.vibrations.push(pattern);
  });
}

/** The tones and vibrations since the last call. */
export function takeSignals(page) {
  return page.evaluate(() => {
    const given = window.signals;
    window.signals = { tones: [], vibrations: [] };
    return given;
  });
}

/** Fails if axe finds a violation, if a target is too small for a finger, or if the page is wider than a
 * narrow screen. */
export async function expectUsable(page, state) {
  await expectAccessible(page, state, SCHEMES);
  await expectTargets(page, state);
  await expectNarrow(page, state, (where) => expectTargets(page, where));
}

/** Fails if a target is too small for a finger. */
async function expectTargets(page, state) {
  const small = await page.evaluate((least) => {
    const targets = [...document.querySelectorAll("button, a, label:has(input), input:not(label input)")];
    const isSmall = ({ width, height }) => width > 0 && (height < least || width < least);
    return targets.filter((one) => isSmall(one.getBoundingClientRect())).map((one) => one.outerHTML);
  }, TARGET_PX_MIN);
  expect(small.length === 0, `${state}: too small: ${small.join(" | ")}`);
}
