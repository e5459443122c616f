// Chromium on the pages of a city that requires a code by text message and a face. A person scans a venue's
// code, registers, corrects a mistake, and is checked in at that venue. The person changes the name, with the
// same proofs, and then moves to another phone.
// Arguments: PORT CERTIFICATE VENUE-CODE VENUE-NAME. Prints `code?` each time that a code was requested, and
// reads the code of the message from stdin.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arrive, expect, expectErrors, open, start, text, visit } from "../browser.mjs";
import { click, openOwnPage, openPart, submit as submitForm, waitForText } from "../resident.mjs";

const { browser, port, venue: code, others: [name], ask, stop } = await start();
const folder = await mkdtemp(join(tmpdir(), "register-"));

/** Replaces the content of a field. */
async function retype(page, selector, words) {
  await page.$eval(selector, (element) => (element.value = ""));
  await page.type(selector, words);
}

/** Fills in the person's details. */
async function enterDetails(page) {
  await page.type("#name", "欧阳修");
  await page.type("#phone", "13912345678");
  await page.type("#document-number", "11010519491231002X");
}

/** Requests a code, and returns it. */
async function requestCode(page) {
  await click(page, "#send-code");
  await page.waitForFunction(() => document.getElementById("send-code").textContent.includes("秒后"));
  return ask("code?");
}

/** Takes a picture that is larger than needed. */
async function takePicture(page) {
  await page.setViewport({ width: 800, height: 1200 });
  const picture = join(folder, "face.png");
  await page.screenshot({ path: picture });
  await (await page.$("#face")).uploadFile(picture);
  await page.waitForFunction(() => !document.getElementById("face-taken").hidden);
  const size = await page.$eval("#face-taken", (canvas) => [canvas.width, canvas.height]);
  expect(size.join() === "427,640", `the picture is ${size}`);
}

/** Whether the fields of the proofs are shown. */
function hasProofs(page) {
  return page.evaluate(() => ["sms-step", "face-step"].map((id) => !document.getElementById(id).hidden).join());
}

/** A new name needs both proofs, and the fields are gone once it is stored. */
async function changeName(page) {
  await openPart(page, "particulars");
  await page.waitForFunction(() => document.getElementById("name").value === "欧阳修远");
  expect((await hasProofs(page)) === "false,false", "proofs are asked for without a change");
  await retype(page, "#name", "欧阳修文");
  await page.waitForFunction(() => !document.getElementById("face-step").hidden);
  expect((await hasProofs(page)) === "true,true", "a proof is missing");
  const code = await requestCode(page);
  await takePicture(page);
  await page.type("#sms-code", code);
  await submitForm(page, "particulars-form");
  await waitForText(page, "#particulars-form > .status:last-child", "已修改");
  expect((await hasProofs(page)) === "false,false", "proofs are still asked for");
  await waitForText(page, "#holder", "欧**文");
}

/** The same person registers with another phone, whose browser has no storage in common with the first. */
async function moveToAnotherPhone() {
  const { page, errors } = await open(await browser.createBrowserContext());
  await visit(page, port, code, "registering");
  await enterDetails(page);
  const right = await requestCode(page);
  await takePicture(page);
  await page.type("#sms-code", right);
  await submit(page);
  await arrive(page, "done");
  await waitForText(page, "#replaced", "已换到本机");
  return errors;
}

/** Submits the form and confirms the review. Returns the reviewed text. */
async function submit(page) {
  await click(page, "#register");
  await arrive(page, "confirming");
  const entered = await text(page, "#entered");
  await click(page, "#confirm");
  return entered;
}

try {
  const { page, errors } = await open(browser);
  await visit(page, port, code, "registering");
  expect((await text(page, "#pack")) === "徐州健康宝", await text(page, "#pack"));
  expect((await text(page, "#hotline")).includes("12345"), await text(page, "#hotline"));
  const types = await page.$$eval("#document-type option", (options) => options.map((option) => option.value));
  expect(types.join() === "resident-id", `documents are ${types}`);

  await enterDetails(page);
  const right = await requestCode(page);
  await takePicture(page);
  await page.type("#sms-code", right === "000000" ? "000001" : "000000");
  const entered = await submit(page);
  for (const word of ["欧阳修", "13912345678", "居民身份证", "11010519491231002X"]) {
    expect(entered.includes(word), `${word} is not in ${entered}`);
  }
  await arrive(page, "registering");
  expect((await text(page, "#message")).includes("验证码有误"), await text(page, "#message"));

  await retype(page, "#sms-code", right);
  await click(page, "#register");
  await arrive(page, "confirming");
  await click(page, "#correct");
  await arrive(page, "registering");
  await retype(page, "#name", "欧阳修远");
  expect((await submit(page)).includes("欧阳修远"), "the correction is not shown");
  await arrive(page, "done");
  const venue = await text(page, "#venue");
  expect(venue === name, `the venue is ${venue}`);
  const left = await page.evaluate(() => [JSON.stringify(localStorage), document.getElementById("name").value].join());
  expect(!left.includes("13912345678") && !left.includes("欧阳"), `left behind: ${left}`);
  expect((await text(page, "#replaced")) === "", "a first registration replaces another phone");
  await visit(page, port, code, "done");
  expect((await text(page, "#now")) !== "", "the clock appears later, and moves what is below it");

  await openOwnPage(page);
  await changeName(page);
  const others = await moveToAnotherPhone();
  await page.bringToFront();
  await page.reload();
  await arrive(page, "unregistered");
  await waitForText(page, "#ended", "另一部手机");
  // Chromium logs the refused registration and the refused token as errors. No other error is expected.
  expectErrors([...errors, ...others], "status of 422", "status of 401");
} finally {
  await stop();
  await rm(folder, { recursive: true });
}
