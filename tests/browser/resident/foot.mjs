// Chromium on the foot of every page: the hotline, and the way to a question. A resident asks one, and reads
// its id and the answer.
// Arguments: PORT CERTIFICATE VENUE-CODE HOTLINE PATH…, the paths of all pages. Prints `answer? ID`, and
// reads a line from stdin once the question is answered.

import { arrive, expect, expectErrors, open, start, text } from "../browser.mjs";
import { click, registerWithPassport, submit, waitForText } from "../resident.mjs";

const {
  browser,
  port,
  venue,
  others: [hotline, ...paths],
  ask,
  stop,
} = await start();

try {
  const { page, errors } = await open(browser);
  for (const path of paths) {
    await page.goto(`https://localhost:${port}${path}`);
    await waitForText(page, "#foot", hotline);
    const dials = await page.$eval("#foot-hotline a", (link) => link.href);
    expect(dials === `tel:${hotline.replaceAll("-", "")}`, `${path} dials ${dials}`);
    await page.waitForSelector('#foot a[href="/me?part=questions"]', { visible: true });
  }
  await registerWithPassport(page, port, venue);
  await Promise.all([page.waitForNavigation(), click(page, '#foot a[href="/me?part=questions"]')]);
  await arrive(page, "own");
  await page.waitForSelector("#questions[open]");
  await page.type("#question-text", "颜色为什么没有更新？");
  await submit(page, "question-form");
  await waitForText(page, "#question-form .status", "编号 n");
  const id = (await text(page, "#question-form .status")).match(/n[0-9a-z]{13}/)?.[0];
  await waitForText(page, "#questions-list", id);
  await ask(`answer? ${id}`);
  await page.reload();
  await arrive(page, "own");
  await waitForText(page, "#questions-list", "已答复");
  await waitForText(page, "#questions-list", "请稍等");
  expectErrors(errors, "status of 404");
} finally {
  await stop();
}
