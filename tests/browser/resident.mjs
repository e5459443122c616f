// What a resident does on the pages, and what they read there. The scripts of the resident's own page share
// these functions.

import jsQR from "jsqr";
import { arrive, visit } from "./browser.mjs";

/** Waits until an element contains a text. */
export async function waitForText(page, selector, words) {
  const isSaid = (where, wanted) => document.querySelector(where)?.textContent.includes(wanted) ?? false;
  await page.waitForFunction(isSaid, {}, selector, words);
}

/** Clicks an element once it stands still: content from the server may move it. */
export function click(page, selector) {
  return page.locator(selector).click();
}

/** Opens a part of the page, and the group around it. */
export async function openPart(page, id) {
  const closed = await page.$eval(`#${id}`, (part) => {
    const around = part.parentElement.closest("details:not([open])");
    return [...(around === null ? [] : [around.id]), part.id];
  });
  for (const one of closed) {
    await click(page, `#${one} > summary`);
    await page.waitForFunction((part) => document.getElementById(part).open, {}, one);
  }
}

/** Submits a form by its own button, beside which a field may have one. */
export async function submit(page, id) {
  await click(page, `#${id} > button`);
}

/** The content of the code on the screen, once it is drawn. */
export async function readCode(page) {
  // An untouched canvas is 300 pixels wide.
  await page.waitForFunction(() => document.getElementById("code").width !== 300);
  return decode(page, "#code");
}

/** The content of a drawn QR code, by an independent decoder. */
export async function decode(page, selector) {
  const { pixels, side } = await page.$eval(selector, (canvas) => {
    const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return { pixels: [...data], side: width };
  });
  return jsQR(Uint8ClampedArray.from(pixels), side, side)?.data ?? null;
}

/** The content of the QR code in a photograph of the screen, by an independent decoder. */
export async function photograph(page) {
  const photo = await page.screenshot({ encoding: "base64" });
  const developer = await page.browser().newPage();
  const { pixels, width, height } = await developer.evaluate(async (png) => {
    const file = await (await fetch(`data:image/png;base64,${png}`)).blob();
    const picture = await createImageBitmap(file);
    const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
    const drawing = canvas.getContext("2d");
    drawing.drawImage(picture, 0, 0);
    const { data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
    return { pixels: [...data], width: canvas.width, height: canvas.height };
  }, photo);
  await developer.close();
  return jsQR(Uint8ClampedArray.from(pixels), width, height)?.data ?? null;
}

/** Checks a code in at the venue. */
export function checkIn(page, venue, person) {
  return page.evaluate(
    async (scan) => {
      const body = JSON.stringify(scan);
      const headers = { "content-type": "application/json" };
      const response = await fetch("/v1/check-ins", { method: "POST", headers, body });
      return { status: response.status, said: await response.json() };
    },
    { venue, person },
  );
}

/** Registers at a venue with a passport, and is checked in there. */
export async function registerWithPassport(page, port, venue, name = "李四") {
  await visit(page, port, venue, "registering");
  await submitRegistration(page, name);
}

/** Fills in the form with a passport, and waits for the check-in. */
export async function submitRegistration(page, name) {
  await page.type("#name", name);
  await page.type("#phone", "13800138001");
  await page.select("#document-type", "passport");
  await page.type("#document-number", "E87654321");
  await click(page, "#register");
  await arrive(page, "confirming");
  await click(page, "#confirm");
  await arrive(page, "done");
}

/** Follows the link from the check-in page to the resident's own page. */
export async function openOwnPage(page) {
  await click(page, "#own");
  await arrive(page, "own");
}

/** Adds a dependant without a phone. */
export async function addPassportHolder(page) {
  await openPart(page, "family");
  await page.type("#dependant-name", "李小四");
  await page.select("#dependant-document", "passport");
  await page.type("#dependant-number", "E11112222");
  await submit(page, "dependant-form");
  await waitForText(page, "#family-list", "李小四");
}

/** The registrations that this browser stores: the own one, and those of dependants. */
export function readStored(page) {
  return page.evaluate(() => ({
    own: JSON.parse(localStorage.getItem("scangate-registration")),
    family: JSON.parse(localStorage.getItem("scangate-family")),
  }));
}
