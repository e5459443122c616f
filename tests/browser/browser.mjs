// Starts Chromium over HTTP/3, as on a phone. The other scripts in this folder share these functions.

import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import puppeteer from "puppeteer-core";

/** The time limit of every wait. It is long because the machine may be busy with other work. */
export const WAIT_MS = 120_000;

/** Starts Chromium, which then trusts this certificate and uses HTTP/3 on this port. */
export async function launch(port, certificate, more = []) {
  const key = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: "spki", format: "der" });
  const spki = createHash("sha256").update(key).digest("base64");
  return launchAlone([
    "--host-resolver-rules=MAP localhost 127.0.0.1",
    `--origin-to-force-quic-on=localhost:${port}`,
    `--ignore-certificate-errors-spki-list=${spki}`,
    ...more,
  ]);
}

/** Starts Chromium without a gateway, for pages in files. */
export function launchAlone(more = []) {
  return puppeteer.launch({
    timeout: WAIT_MS,
    protocolTimeout: 2 * WAIT_MS,
    executablePath: process.env.SCANGATE_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", ...more],
  });
}

/** Starts a script with the arguments PORT CERTIFICATE VENUE-CODE, and others. `ask` asks the test that runs
 * the script: a question is a line on stdout, its answer one on stdin. Chromium gets the arguments `more`. */
export async function start(more = []) {
  const [port, certificate, venue, ...others] = process.argv.slice(2);
  const browser = await launch(port, certificate, more);
  const lines = createInterface({ input: process.stdin });
  const answers = lines[Symbol.asyncIterator]();
  const ask = async (question) => {
    console.log(question);
    return (await answers.next()).value;
  };
  const stop = async () => {
    lines.close();
    await browser.close();
  };
  return { browser, port, venue, others, ask, stop };
}

/** Opens a page, and collects its errors. */
export async function open(browser) {
  const [page, errors] = [await browser.newPage(), []];
  page.setDefaultTimeout(WAIT_MS);
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  explainWaits(page, errors);
  return { page, errors };
}

/** Lets a wait that fails say what the page shows then, and which requests have no answer. */
function explainWaits(page, errors) {
  const unanswered = new Set();
  page.on("request", (request) => unanswered.add(request));
  page.on("requestfinished", (request) => unanswered.delete(request));
  page.on("requestfailed", (request) => unanswered.delete(request));
  const wait = page.waitForFunction.bind(page);
  page.waitForFunction = async (...what) => {
    try {
      return await wait(...what);
    } catch (error) {
      const requests = [...unanswered].map((request) => `${request.method()} ${request.url()}`);
      const shown = await page.evaluate(() => `${document.body.dataset.state}: ${document.body.innerText}`).catch(String);
      throw new Error(JSON.stringify({ what: String(what), url: page.url(), shown, requests, errors }), { cause: error });
    }
  };
}

/** Waits until the page's `data-state` has this value. */
export async function arrive(page, state) {
  await page.waitForFunction((wanted) => document.body.dataset.state === wanted, {}, state);
}

/** Opens the address in a venue's code, and waits for a state. */
export async function visit(page, port, code, state) {
  await page.goto(`https://localhost:${port}/v/${code}`, { waitUntil: "load" });
  await arrive(page, state);
}

/** The text of an element. */
export function text(page, selector) {
  return page.$eval(selector, (element) => element.textContent);
}

/** What Chromium logs of a request that had no answer in time, or was shed. The pages repeat such requests,
 * and on a busy machine there may be some. */
const REPEATED = ["status of 408", "status of 503", "ERR_QUIC_PROTOCOL_ERROR", "ERR_CONNECTION", "ERR_TIMED_OUT"];

/** Fails if the pages logged an error that does not contain one of these words, other than of repeated
 * requests. */
export function expectErrors(errors, ...expected) {
  const known = [...REPEATED, ...expected];
  const unexpected = errors.filter((error) => !known.some((words) => error.includes(words)));
  expect(unexpected.length === 0, unexpected.join("\n"));
}

/** Fails with this message unless the condition is true. */
export function expect(isTrue, message) {
  if (!isTrue) {
    throw new Error(message);
  }
}
