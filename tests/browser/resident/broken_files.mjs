// The script of the check-in page is shed, cut off, broken or lost once. The page says so, and opens again by
// itself.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { arrive, expect, launch, open, text } from "../browser.mjs";
import process from "node:process";

const [port, certificate, code] = process.argv.slice(2);
const FAULTS = {
  shed: { status: 503, contentType: "application/problem+json", body: '{"status": 503, "code": "overloaded"}' },
  "cut off": { status: 200, contentType: "text/javascript", body: "const begun = {" },
  "not parsed": { status: 200, contentType: "text/javascript", body: "<html>" },
  lost: null,
};
const told = [];
const browser = await launch(port, certificate);
try {
  for (const [name, fault] of Object.entries(FAULTS)) {
    const { page } = await open(await browser.createBrowserContext());
    await page.setRequestInterception(true);
    let failed = 0;
    page.on("request", (request) => {
      if (request.resourceType() !== "script" || failed > 0) {
        void request.continue();
        return;
      }
      failed += 1;
      void (fault === null ? request.abort("failed") : request.respond(fault));
    });
    await page.goto(`https://localhost:${port}/v/${code}`);
    await page.waitForFunction(() => document.getElementById("reopening")?.hidden === false);
    told.push(await text(page, "#reopening"));
    await arrive(page, "registering");
    expect(failed === 1, `${name}: ${failed} scripts failed`);
  }
} finally {
  await browser.close();
}
expect(told.every((words) => /约 \d+ 秒后自动重试/.test(words)), told.join("\n"));
console.log(JSON.stringify(told));
