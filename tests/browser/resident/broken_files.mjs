// The script of the check-in page fails once in each way. The page says so, and opens again by itself.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { breakOnce } from "../broken_script.mjs";
import { arrive, start } from "../browser.mjs";

const { browser, port, venue, stop } = await start();
try {
  await breakOnce(browser, `https://localhost:${port}/v/${venue}`, (page) => arrive(page, "registering"));
} finally {
  await stop();
}
