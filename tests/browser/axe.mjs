// Looks for faults of accessibility with axe-core.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "./browser.mjs";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails if axe finds a violation in the present state of the page. */
export async function expectAccessible(page, state) {
  // Injected through the debugger: the page's own policy allows no other script.
  await page.evaluate(SOURCE);
  const violations = await page.evaluate(async () => {
    const { violations: found } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
  });
  expect(violations.length === 0, `${state}: ${violations.join("\n")}`);
}

/** Fails if the page is wider than a window of 320 CSS pixels, with normal text and with text twice as
 * large. */
export async function expectNarrow(page, state) {
  const before = page.viewport();
  for (const textPercent of [100, 200]) {
    await page.setViewport({ width: 320, height: 640 });
    const width = await page.evaluate((percent) => {
      document.documentElement.style.setProperty("font-size", `${percent}%`);
      return document.documentElement.scrollWidth;
    }, textPercent);
    expect(width <= 320, `${state} at ${textPercent} % text: ${width} px wide`);
  }
  await page.evaluate(() => document.documentElement.style.removeProperty("font-size"));
  await page.setViewport(before);
}
