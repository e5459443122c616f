// Chromium on the check-in page behind a door's code, which expires while somebody registers: the page gets a
// ticket with the form, and checks in by it, also after a reload.
// Arguments: PORT CERTIFICATE DOOR-CODE

import { arrive, expect, expectErrors, open, start, visit } from "../browser.mjs";
import { submitRegistration } from "../resident.mjs";

const { browser, port, venue: code, stop } = await start();

try {
  const { page, errors } = await open(browser);
  const sent = [];
  page.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (pathname === "/v1/registration" && searchParams.has("venue")) {
      sent.push(searchParams.get("venue"));
    } else if (pathname === "/v1/check-ins") {
      sent.push(JSON.parse(request.postData()).venue);
    }
  });
  await visit(page, port, code, "registering");
  await page.reload();
  await arrive(page, "registering");
  await submitRegistration(page, "张三");
  expect(sent.length === 3 && sent[0] === code, `the first request names ${sent}`);
  // The second character tells a ticket from a door's code.
  const isTicket = (text) => /^E[w-z0-9_-]/.test(text);
  expect(sent.slice(1).every((text) => isTicket(text) && text === sent[1]), `the others name ${sent}`);
  expectErrors(errors);
  console.log(JSON.stringify({ sent: sent.length }));
} finally {
  await stop();
}
