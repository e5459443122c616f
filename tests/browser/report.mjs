// Chromium on the report of a load test: the page loads nothing, each plot has a title and a description, and
// nothing is cut off in light, in dark and in print. Arguments: HTML-FILE [FOLDER]. With a folder it also
// writes light.png, dark.png and print.png there, and top.png, the picture for loadgen/README.md.

import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { expect, expectErrors, launchAlone, open } from "./browser.mjs";

const [file, folder] = process.argv.slice(2);
const browser = await launchAlone();

/** What a reader, or a screen reader, finds on the page. */
function inspect(page) {
  return page.evaluate(() => {
    const words = (plot, tag) => plot.querySelector(tag)?.textContent.trim() ?? "";
    const plots = [...document.querySelectorAll("svg")].map((plot) => {
      const outer = plot.getBoundingClientRect();
      const outside = [...plot.querySelectorAll("text")].filter((text) => {
        const inner = text.getBoundingClientRect();
        return inner.left < outer.left || inner.right > outer.right || inner.top < outer.top || inner.bottom > outer.bottom;
      });
      return {
        title: words(plot, "title"),
        description: words(plot, "desc"),
        lines: plot.querySelectorAll("polyline, circle").length,
        cutOff: outside.map((text) => text.textContent.trim()),
        ink: getComputedStyle(plot.querySelector("text")).fill,
      };
    });
    const tables = [...document.querySelectorAll("table")].map((table) => ({
      caption: words(table, "caption"),
      headers: table.querySelectorAll("th[scope=col]").length,
      rows: [...table.querySelectorAll("tbody tr")].map((row) => row.querySelectorAll("th[scope=row]").length),
      isCutOff: table.parentElement.scrollWidth > table.parentElement.clientWidth,
    }));
    const isWide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
    return { plots, tables, isWide, verdict: words(document.querySelector(".verdict"), "h2") };
  });
}

/** Fails if something is missing or cut off on the page. */
function examine({ plots, tables, isWide }, name, { mayScroll = false } = {}) {
  expect(plots.length >= 3, `${name}: ${plots.length} plots`);
  for (const plot of plots) {
    expect(plot.title !== "" && plot.description !== "", `${name}: a plot has no title or description`);
    expect(plot.lines > 0, `${name}: ${plot.title} has no line`);
    expect(plot.cutOff.length === 0, `${name}: ${plot.title} cuts off ${plot.cutOff}`);
  }
  for (const table of tables) {
    const isNamed = table.caption !== "" && table.headers > 1 && table.rows.every((headers) => headers === 1);
    expect(isNamed, `${name}: a table lacks headers: ${JSON.stringify(table)}`);
    expect(mayScroll || !table.isCutOff, `${name}: the table ${table.caption} is cut off`);
  }
  expect(!isWide, `${name}: the page is wider than the window`);
}

try {
  const { page, errors } = await open(browser);
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  // The driver's own functions for medium and features each reset the other.
  const session = await page.createCDPSession();
  const emulate = (media, scheme) => {
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    return session.send("Emulation.setEmulatedMedia", { media, features });
  };
  await page.setViewport({ width: 1000, height: 800, deviceScaleFactor: 1 });
  const inks = [];
  for (const [name, media, scheme] of [
    ["light", "screen", "light"],
    ["dark", "screen", "dark"],
    ["print", "print", "dark"],
  ]) {
    await emulate(media, scheme);
    await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
    if (folder !== undefined) {
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    }
    const found = await inspect(page);
    examine(found, name);
    inks.push(found.plots[0].ink);
  }
  expect(inks[0] !== inks[1], `the plots are not drawn for a dark ground: ${inks}`);
  expect(inks[0] === inks[2], `the plots are not drawn for paper: ${inks}`);
  await emulate("screen", "light");
  if (folder !== undefined) {
    await page.setViewport({ width: 900, height: 1370, deviceScaleFactor: 1 });
    await page.screenshot({ path: join(folder, "top.png") });
  }
  await page.setViewport({ width: 360, height: 640, deviceScaleFactor: 1 });
  examine(await inspect(page), "on a phone", { mayScroll: true });
  const loaded = requests.filter((url) => !url.startsWith("file:") || !url.endsWith(file.split("/").pop()));
  expect(loaded.length === 0, `the page loads ${loaded}`);
  expectErrors(errors);
  console.log(JSON.stringify({ browser: await browser.version(), inks }));
} finally {
  await browser.close();
}
