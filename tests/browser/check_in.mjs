// Chromium on the resident page, over HTTP/3: registers, checks in, comes again without registering.
// PORT CERTIFICATE VENUE-CODE

import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import puppeteer from "puppeteer-core";

const [port, certificate, code] = process.argv.slice(2);
const key = new X509Certificate(readFileSync(certificate)).publicKey.export({ type: "spki", format: "der" });
const spki = createHash("sha256").update(key).digest("base64");

const browser = await puppeteer.launch({
  executablePath: process.env.SCANGATE_TEST_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--host-resolver-rules=MAP localhost 127.0.0.1",
    `--origin-to-force-quic-on=localhost:${port}`,
    `--ignore-certificate-errors-spki-list=${spki}`,
  ],
});

async function visit(page, state) {
  await page.goto(`https://localhost:${port}/v/${code}`, { waitUntil: "load", timeout: 20_000 });
  await page.waitForFunction((wanted) => document.body.dataset.state === wanted, { timeout: 20_000 }, state);
}

function expect(isSo, what) {
  if (!isSo) {
    throw new Error(what);
  }
}

try {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await visit(page, "registering");
  await page.type("#name", "张三");
  await page.type("#phone", "13800138000");
  await page.select("#document-type", "passport");
  await page.type("#document-number", "E12345678");
  await page.click("#register");
  await page.waitForFunction(() => document.body.dataset.state === "done", { timeout: 20_000 });
  const shown = await page.$eval("#colour", (element) => element.textContent);
  expect(shown.includes("绿码") && shown.includes("Green"), `the colour is ${shown}`);
  const venue = await page.$eval("#venue", (element) => element.textContent);
  expect(venue === "Venue 0", `the venue is ${venue}`);
  const protocols = await page.evaluate(() =>
    ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind).map((one) => one.nextHopProtocol)),
  );
  expect(protocols.length > 3 && protocols.every((protocol) => protocol === "h3"), `over ${protocols}`);
  await visit(page, "done");
  expect(errors.length === 0, errors.join("\n"));
  console.log(JSON.stringify({ browser: await browser.version(), shown, protocols: protocols.length }));
} finally {
  await browser.close();
}
