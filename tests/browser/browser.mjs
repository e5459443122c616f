// Chromium over HTTP/3, as a phone has it: what the scripts beside this one have in common.

import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import puppeteer from "puppeteer-core";

/** How long anything may take that is going to happen, on a machine that has other work. */
export const WAIT_MS = 120_000;

/** Starts it, trusting this certificate of a gateway on this port. */
export async function launch(port, certificate) {
  const key = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: "spki", format: "der" });
  const spki = createHash("sha256").update(key).digest("base64");
  return puppeteer.launch({
    timeout: WAIT_MS,
    protocolTimeout: 2 * WAIT_MS,
    executablePath: process.env.SCANGATE_TEST_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--host-resolver-rules=MAP localhost 127.0.0.1",
      `--origin-to-force-quic-on=localhost:${port}`,
      `--ignore-certificate-errors-spki-list=${spki}`,
    ],
  });
}

/** A page, with what went wrong on it. */
export async function open(browser) {
  const [page, errors] = [await browser.newPage(), []];
  page.setDefaultTimeout(WAIT_MS);
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  return { page, errors };
}

/** Waits until the page is in a state. */
export async function arrive(page, state) {
  await page.waitForFunction((wanted) => document.body.dataset.state === wanted, {}, state);
}

/** Opens the address that a venue's code says, and waits for a state. */
export async function visit(page, port, code, state) {
  await page.goto(`https://localhost:${port}/v/${code}`, { waitUntil: "load" });
  await arrive(page, state);
}

/** What an element says. */
export function text(page, selector) {
  return page.$eval(selector, (element) => element.textContent);
}

export function expect(isSo, what) {
  if (!isSo) {
    throw new Error(what);
  }
}
