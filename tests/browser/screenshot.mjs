// Takes the picture of the check-in page for the README: adds a venue, registers a resident and checks in.
// Arguments: PORT DATA-FOLDER FILE. Needs a gateway under `--policy default`, which requires no code and no
// face.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { arrive, expect, expectErrors, launch, open, visit } from "./browser.mjs";
import { click } from "./resident.mjs";

const [port, folder, file] = process.argv.slice(2);
const browser = await launch(port, join(folder, "certificate.pem"));

/** Adds a venue, and returns the code of its poster. */
async function addVenue(page, venue) {
  const token = readFileSync(join(folder, "authority.token"), "utf8").trim();
  await page.goto(`https://localhost:${port}/`);
  const answer = await page.evaluate(
    async (line, authorization) => {
      const headers = { authorization, "content-type": "application/x-ndjson" };
      const response = await fetch("/v1/venues", { method: "POST", headers, body: line });
      return response.json();
    },
    JSON.stringify(venue),
    `Bearer ${token}`,
  );
  expect(answer.poster, `the venue is refused: ${JSON.stringify(answer)}`);
  return answer.poster;
}

try {
  const { page, errors } = await open(browser);
  // A small phone. 1.5 pixels a point keep the text sharp.
  await page.setViewport({ width: 360, height: 600, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true });
  const code = await addVenue(page, { name: "东门菜市场 East Gate Market", kind: "market", district: "Gulou" });
  await visit(page, port, code, "registering");
  await page.type("#name", "王芳");
  await page.type("#phone", "13800138000");
  await page.select("#document-type", "passport");
  // Digits from the clock: a document can be registered once in a deployment.
  await page.type("#document-number", `E${String(Date.now()).slice(-8)}`);
  await click(page, "#register");
  await arrive(page, "confirming");
  await click(page, "#confirm");
  await arrive(page, "done");
  await page.waitForFunction(() => document.getElementById("now").textContent !== "");
  expect((await page.$eval("body", (body) => body.dataset.colour)) === "green", "the colour is not green");
  await page.screenshot({ path: file, fullPage: true });
  expectErrors(errors);
} finally {
  await browser.close();
}
