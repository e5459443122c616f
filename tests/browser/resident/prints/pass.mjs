// Chromium prints the sheet of a paper pass: one page with a card to cut out. An independent decoder reads
// the pass on paper, and the dates and both languages stand beside it.
// Arguments: FILE PASS LAST-DAY, the printed document, the pass in its code, and its last day.

import process from "node:process";
import { expect, expectErrors, launchAlone, open, text } from "../../browser.mjs";
import { expectAccessible } from "../../axe.mjs";
import { countPages, readCodes } from "./printed.mjs";

const [file, pass, last] = process.argv.slice(2);
const browser = await launchAlone();
/** An A4 page at 96 pixels an inch. **Units**: CSS pixels. */
const A4 = { width: 794, height: 1123 };

/** Fails if something of the card is outside it, or the card outside the page. */
async function expectInside(page) {
  const outside = await page.$eval(
    ".pass",
    (card, { width, height }) => {
      const around = card.getBoundingClientRect();
      const isInside = (inner, outer) => {
        return inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
      };
      const parts = [...card.children].filter((part) => !isInside(part.getBoundingClientRect(), around));
      const fits = isInside(around, { left: 0, top: 0, right: width, bottom: height });
      return [...parts.map((part) => part.outerHTML.slice(0, 100)), ...(fits ? [] : ["the card"])];
    },
    A4,
  );
  expect(outside.length === 0, `these are cut off: ${outside}`);
}

try {
  const { page, errors } = await open(browser);
  await page.setViewport(A4);
  await page.goto(`file://${file}`);
  await page.emulateMediaType("print");
  const pages = await countPages(page);
  expect(pages === 1, `the printer gets ${pages} pages`);
  const codes = await readCodes(page);
  expect(codes.length === 1 && codes[0] === pass, `the codes read ${codes}`);
  const card = await text(page, ".pass");
  for (const words of ["纸质通行证 · Paper pass", "有效期至 Valid until", `${last} 24:00`, pass]) {
    expect(card.includes(words), `${words} is not on the card: ${card}`);
  }
  const line = await page.$eval(".pass", (element) => getComputedStyle(element).borderStyle);
  expect(line === "dashed", `the card has a ${line} border`);
  await expectInside(page);
  await expectAccessible(page, "pass");
  expectErrors(errors);
} finally {
  await browser.close();
}
