// Chromium on the check-in page of a city that requires a code by text message and a face. A person scans a
// venue's code, registers, corrects a mistake, and is checked in at that venue.
// Arguments: PORT CERTIFICATE VENUE-CODE VENUE-NAME. Prints `code?`, then reads the code of the message from
// stdin.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { arrive, expect, launch, open, text, visit } from "./browser.mjs";

const [port, certificate, code, name] = process.argv.slice(2);
const browser = await launch(port, certificate);
const folder = await mkdtemp(join(tmpdir(), "register-"));

/** Replaces the content of a field. */
async function retype(page, selector, words) {
  await page.$eval(selector, (element) => (element.value = ""));
  await page.type(selector, words);
}

/** Submits the form and confirms the review. Returns the reviewed text. */
async function submit(page) {
  await page.click("#register");
  await arrive(page, "confirming");
  const entered = await text(page, "#entered");
  await page.click("#confirm");
  return entered;
}

try {
  const { page, errors } = await open(browser);
  await visit(page, port, code, "registering");
  expect((await text(page, "#pack")) === "徐州健康宝", await text(page, "#pack"));
  expect((await text(page, "#hotline")).includes("12345"), await text(page, "#hotline"));
  const types = await page.$$eval("#document-type option", (options) => options.map((option) => option.value));
  expect(types.join() === "resident-id", `documents are ${types}`);

  await page.type("#name", "欧阳修");
  await page.type("#phone", "13912345678");
  await page.type("#document-number", "11010519491231002X");
  await page.click("#send-code");
  await page.waitForFunction(() => document.getElementById("send-code").textContent.includes("秒后"));
  const lines = createInterface({ input: process.stdin });
  const typed = lines[Symbol.asyncIterator]();
  console.log("code?");
  const right = (await typed.next()).value;
  lines.close();

  // A picture that is larger than needed.
  await page.setViewport({ width: 800, height: 1200 });
  const picture = join(folder, "face.png");
  await page.screenshot({ path: picture });
  await (await page.$("#face")).uploadFile(picture);
  await page.waitForFunction(() => !document.getElementById("face-taken").hidden);
  const size = await page.$eval("#face-taken", (canvas) => [canvas.width, canvas.height]);
  expect(size.join() === "427,640", `the picture is ${size}`);

  await page.type("#sms-code", right === "000000" ? "000001" : "000000");
  const entered = await submit(page);
  for (const word of ["欧阳修", "13912345678", "居民身份证", "11010519491231002X"]) {
    expect(entered.includes(word), `${word} is not in ${entered}`);
  }
  await arrive(page, "registering");
  expect((await text(page, "#message")).includes("验证码有误"), await text(page, "#message"));

  await retype(page, "#sms-code", right);
  await page.click("#register");
  await arrive(page, "confirming");
  await page.click("#correct");
  await arrive(page, "registering");
  await retype(page, "#name", "欧阳修远");
  expect((await submit(page)).includes("欧阳修远"), "the correction is not shown");
  await arrive(page, "done");
  const venue = await text(page, "#venue");
  expect(venue === name, `the venue is ${venue}`);
  const left = await page.evaluate(() => [JSON.stringify(localStorage), document.getElementById("name").value].join());
  expect(!left.includes("13912345678") && !left.includes("欧阳"), `left behind: ${left}`);
  await visit(page, port, code, "done");
  // Chromium logs the refused registration as an error. No other error is expected.
  const unexpected = errors.filter((error) => !error.includes("status of 422"));
  expect(unexpected.length === 0, unexpected.join("\n"));
} finally {
  await browser.close();
  await rm(folder, { recursive: true });
}
