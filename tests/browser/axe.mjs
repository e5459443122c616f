// Looks for faults of accessibility with axe-core, and for pages that are wider than a narrow window.

import axe from "axe-core";
import { expect } from "./browser.mjs";

/** Both colour schemes. */
export const SCHEMES = ["light", "dark"];
/** The narrowest window (WCAG 2.2, 1.4.10). **Units**: CSS pixels. */
const NARROW_PX = 320;

/** Fails if axe finds a violation as the page is now. */
async function expectNoViolation(page, state) {
  // Injected through the debugger: the page's own policy allows no other script.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { violations: found } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
  });
  expect(violations.length === 0, `${state}: ${violations.join("\n")}`);
}

/** Fails if axe finds a violation in the present state of the page, in each of these colour schemes. */
export async function expectAccessible(page, state, schemes = ["light"]) {
  for (const scheme of schemes) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await expectNoViolation(page, `${state}, ${scheme}`);
  }
  await page.emulateMediaFeatures([]);
}

/** Fails if the page is wider than a narrow window, or if axe finds a violation there: with normal text, and
 * with text twice as large. `expectMore` runs in each size. */
export async function expectNarrow(page, state, expectMore = async () => {}) {
  const before = page.viewport();
  await page.setViewport({ width: NARROW_PX, height: 640 });
  for (const textPercent of [100, 200]) {
    const widePx = await page.evaluate((percent) => {
      document.documentElement.style.setProperty("font-size", `${percent}%`);
      return document.documentElement.scrollWidth;
    }, textPercent);
    const where = `${state} in a narrow window at ${textPercent} % text`;
    expect(widePx <= NARROW_PX, `${where}: ${widePx} px wide`);
    await expectNoViolation(page, where);
    await expectMore(where);
  }
  await page.evaluate(() => document.documentElement.style.removeProperty("font-size"));
  await page.setViewport(before);
}
