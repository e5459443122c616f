// The first screen of the resident's own page on the smallest phones, upright and turned. The code, the
// colour with its frame, the clock and the masked name are visible without scrolling: in each view, with a
// family, and without a network. The phone stores no whole name of its holder, and learns the masked one
// where it has none.
// Arguments: PORT CERTIFICATE VENUE-CODE

import { expectAccessible, expectNarrow } from "../axe.mjs";
import { expect, expectErrors, open, start, text, visit } from "../browser.mjs";
import { addPassportHolder, openOwnPage, readStored, registerWithPassport, waitForText } from "../resident.mjs";
import { maskName } from "../../../gateway/web/codes/holder_name.js";

const SIZES = [
  [320, 568],
  [568, 320],
];
const VIEWS = ["both", "zh", "en"].flatMap((language) => ["normal", "large"].map((size) => ({ language, size })));
const NEEDED = ["code", "shape", "colour", "holder", "now"];
/** The smallest code that scanners read without effort. **Units**: CSS pixels. */
const CODE_PX_MIN = 150;
/** Names as the gateway masks them, which has the same table. */
const MASKED = [
  ["欧阳修", "欧*修"],
  ["王五", "王*"],
  ["王", "王"],
  ["欧阳娜娜", "欧**娜"],
  ["𠮷田一", "𠮷*一"],
  ["阿卜杜拉·买买提·阿卜杜热合曼·吐尔逊江", "阿***************江"],
];

const { browser, port, venue, stop } = await start();

/** Fails if a part of the first screen is outside the window, or the code is too small. */
async function expectInWindow(page, ids, [width, height], view) {
  await page.setViewport({ width, height });
  const boxes = await page.evaluate(
    (chosen, wanted) => {
      Object.assign(document.documentElement.dataset, chosen);
      scrollTo(0, 0);
      return wanted.map((id) => [id, document.getElementById(id).getBoundingClientRect().toJSON()]);
    },
    view,
    ids,
  );
  const about = `${width}x${height} ${JSON.stringify(view)}`;
  for (const [id, box] of boxes) {
    const isInside = box.top >= 0 && box.left >= 0 && box.bottom <= height && box.right <= width;
    expect(isInside && box.width > 0 && box.height > 0, `${about}: ${id} is at ${JSON.stringify(box)}`);
  }
  const { code, colour } = Object.fromEntries(boxes);
  expect(code.width >= CODE_PX_MIN && code.height === code.width, `${about}: the code is ${JSON.stringify(code)}`);
  const isBeside = colour.left >= code.right;
  expect(isBeside === width > height, `${about}: the colour is at ${JSON.stringify(colour)}`);
}

/** Looks at the first screen in each size and view. */
async function expectFirstScreen(page, ids) {
  const before = page.viewport();
  for (const size of SIZES) {
    for (const view of VIEWS) {
      await expectInWindow(page, ids, size, view);
    }
    await expectAccessible(page, `first screen of ${size}`);
  }
  await page.evaluate(() => Object.assign(document.documentElement.dataset, { language: "both", size: "normal" }));
  await expectNarrow(page, "first screen");
  await page.setViewport(before);
}

/** Loses the network until the colour is unknown: its word and its age are then the longest. */
async function goOffline(page) {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await page.setOfflineMode(true);
  await page.evaluate(() => {
    const real = Date.now.bind(Date);
    Date.now = () => real() + 61_000;
  });
  await waitForText(page, "#colour", "未知");
  await waitForText(page, "#as-of", "以后未能更新");
}

/** Opens a page on a phone whose registration has no name, as one of an earlier version or of a sheet. */
async function learnName(page, openPage) {
  await page.evaluate(() => {
    const { maskedName, ...earlier } = JSON.parse(localStorage.getItem("scangate-registration"));
    localStorage.setItem("scangate-registration", JSON.stringify(earlier));
  });
  await openPage();
  await waitForText(page, "#holder", "李*");
  const { own } = await readStored(page);
  expect(own.maskedName === "李*", `the stored name is ${own.maskedName}`);
}

try {
  for (const [name, masked] of MASKED) {
    expect(maskName(name) === masked, `${name} is masked as ${maskName(name)}`);
  }
  const { page, errors } = await open(browser);
  await registerWithPassport(page, port, venue);
  expect((await text(page, "#holder")) === "李*", `the result names ${await text(page, "#holder")}`);
  await openOwnPage(page);
  await waitForText(page, "#colour", "绿码");
  await waitForText(page, "#as-of", "截至");
  await expectFirstScreen(page, [...NEEDED, "as-of"]);
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(stored.includes("李*") && !stored.includes("李四"), `the phone stores ${stored}`);

  await addPassportHolder(page);
  await expectFirstScreen(page, [...NEEDED, "as-of"]);
  await page.select("#whose", (await readStored(page)).family[0].person);
  await waitForText(page, "#holder", "李*四");
  await goOffline(page);
  await expectFirstScreen(page, NEEDED);
  await page.setOfflineMode(false);
  await learnName(page, () => page.reload());
  await learnName(page, () => visit(page, port, venue, "done"));
  // The minute ahead is that of a phone whose clock is off: its first token is refused.
  expectErrors(errors, "ERR_INTERNET_DISCONNECTED", "status of 401");
} finally {
  await stop();
}
