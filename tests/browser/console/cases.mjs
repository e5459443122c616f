// Chromium on the tracer console. A tracer opens a case about a person of a generated town, asks every
// question, and gets an extension from another tracer. All tables are compared with a brute force. Everything
// is found by its role and name; axe examines every state, and the page is read on a narrow screen and with
// large letters.
// Arguments: PORT CERTIFICATE VENUE-CODE TOWN, a file with the town and the tracers' tokens.

import { readFileSync } from "node:fs";
import { SCHEMES, expectAccessible, expectNarrow } from "../axe.mjs";
import { expect, expectErrors, open, start } from "../browser.mjs";
import { findContacts, makeStays } from "./brute_force.mjs";

const {
  browser,
  port,
  others: [file],
  stop,
} = await start();
const town = JSON.parse(readFileSync(file, "utf8"));
const stays = makeStays(town);
const index = town.people[0];
const address = `https://localhost:${port}/staff/cases`;
const HOUR_MS = 3_600_000;
const ENDS = { measured: "有离开记录 measured", inferred: "推算 inferred" };

/** A time by the city's clocks, as the console shows it. */
function local(ms) {
  return new Date(ms + 8 * HOUR_MS).toISOString().slice(0, "2022-01-04T08:00:00".length).replace("T", " ");
}

function span(seconds) {
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, "0")))
    .join(":");
}

function press(page, name) {
  return page.locator(`aria/${name}[role="button"]`).click();
}

/** Fills a field of a form. Tables may have columns of the same name. */
function fill(page, name, value) {
  return page.locator(`form ::-p-aria([name="${name}"])`).fill(value);
}

async function waitForState(page, state) {
  await page.waitForFunction((wanted) => document.body.dataset.state === wanted, {}, state);
}

/** Waits until the page contains a text. */
function waitForText(page, words) {
  return page.waitForFunction((wanted) => document.body.innerText.includes(wanted), {}, words);
}

/** The rows of the table with this name, as text. A table that is closed has them as well. */
function readRows(page, name) {
  return page.evaluate((wanted) => {
    const named = [...document.querySelectorAll('[role="group"]')];
    const region = named.find((one) => one.querySelector("table") && one.ariaLabel === wanted);
    const rows = [...(region?.querySelectorAll("tbody tr") ?? [])];
    return rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
  }, name);
}

/** Rows in the order of their text. */
function sortRows(rows) {
  const lines = rows.map((row) => row.join("\t"));
  return lines.sort().map((line) => [line]);
}

/** Compares the first columns of a table with the expected rows. */
function expectRows(what, rows, expected) {
  const width = expected[0]?.length ?? 0;
  const shown = JSON.stringify(rows.map((row) => row.slice(0, width)));
  expect(shown === JSON.stringify(expected), `${what} shows\n${shown}\nexpected\n${JSON.stringify(expected)}`);
}

/** Counts the requests of a page to the gateway from now on, by a part of their path. */
function listenForRequests(page) {
  const paths = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    paths.push(`${pathname}${search}`);
  });
  return (part) => paths.filter((path) => path.startsWith("/v1/") && path.includes(part)).length;
}

async function signIn(page, token) {
  await page.goto(`${address}#${token}`);
  await waitForState(page, "cases");
  expect(new URL(page.url()).hash === "", "the token stays in the address");
}

/** Without a token, with one that has ended, or one that is refused, the page says what to do. */
async function expectNoAccess(page) {
  await page.goto(address);
  await waitForState(page, "signed-out");
  await expectAccessible(page, "signed out");
  for (const [token, state, words] of [
    [town.ended, "ended", "到期"],
    [town.forged, "refused", "拒绝"],
    [town.authority, "refused", "不是流调人员的"],
  ]) {
    await page.goto("about:blank");
    await page.goto(`${address}#${token}`);
    await waitForState(page, state);
    await waitForText(page, words);
    expect(await page.evaluate(() => document.activeElement.id === "sign-in"), `${state} has no focus`);
    await expectAccessible(page, state);
  }
  await page.goto("about:blank");
}

async function openCase(page) {
  await waitForText(page, "今日剩余额度");
  await waitForText(page, "没有等待的扩展");
  await expectAccessible(page, "all cases");
  const person = "人员编号，或患者出示的健康码 Person id, or the code that the patient shows";
  await fill(page, person, ` ${index} `);
  await fill(page, "用途 Purpose", "outbreak-at-venue");
  await fill(page, "本单位文号 Reference of your office", "=2+2");
  const times = town.rows.map(({ at_ms: ms }) => ms);
  const minute = "2022-01-04T08:00".length;
  await fill(page, "开始 From", local(Math.min(...times) - HOUR_MS).replace(" ", "T").slice(0, minute));
  await press(page, "立案 Open the case");
  await waitForState(page, "case");
  const isOnTitle = await page.evaluate(() => document.activeElement.id === "case-title");
  expect(isOnTitle, "the case has no focus");
  for (const words of ["场所疫情", "=2+2", "逐日删除", "最迟在查询24小时后", "本案500个姓名", index]) {
    await waitForText(page, words);
  }
}

/** The rows of the trail: each visit with the gap before it. */
function expectedTrail() {
  const own = stays.filter(({ person }) => person === index);
  return own.map(({ venue, name, fromMs, toMs, certainty }, at) => {
    const gapMs = at === 0 ? 0 : fromMs - Math.max(...own.slice(0, at).map((one) => one.toMs));
    const gap = gapMs > 0 ? span(Math.floor(gapMs / 1000)) : "–";
    return [name, venue, local(fromMs), local(toMs), ENDS[certainty], "导入 imported", "", gap];
  });
}

async function readTrail(page, count) {
  await press(page, "查询轨迹 Read the trail");
  await waitForText(page, "数据完整至");
  expectRows("the trail", await readRows(page, "轨迹 Trail"), expectedTrail());
  await press(page, "查询轨迹 Read the trail");
  await press(page, "重新查询 Ask again");
  await page.waitForFunction(() => document.activeElement.id === "trail");
  expect(count("/trail") === 2, `the trail was read ${count("/trail")} times, once by a wish to ask again`);
}

/** Compares the contacts and the encounters with the brute force. */
async function expectContacts(page, hops, minutes) {
  const expected = findContacts(stays, index, hops, Math.max(1, minutes * 60));
  expect(expected.some(({ hop }) => hop === hops), `hop ${hops} has nobody at ${minutes} minutes`);
  await waitForText(page, `${expected.length} contacts`);
  const contacts = expected.map(({ person, hop, overlapS, presentS, encounters }, at) => [
    ...[at + 1, person, hop, span(overlapS), span(presentS), encounters.length].map(String),
  ]);
  expectRows(`contacts over ${hops} hops, ${minutes} min`, await readRows(page, "接触者 Contacts"), contacts);
  const encounters = expected.flatMap(({ person, encounters: met }, at) =>
    met.map(({ venue, fromMs, toMs, certainty, via }) => [
      ...[String(at + 1), person, venue, local(fromMs), local(toMs)],
      ...[span(Math.floor((toMs - fromMs) / 1000)), ENDS[certainty], "导入 imported", "", via],
    ]),
  );
  const shown = await readRows(page, "接触次数 Encounters");
  // Encounters that begin at one time stand in the order of their venues' ids, which the rows do not have.
  expectRows(`encounters over ${hops} hops, ${minutes} min`, sortRows(shown), sortRows(encounters));
  expect((await readRows(page, "接触层次图 Graph of hops")).length >= expected.length, "the graph lacks contacts");
}

/** Moves the slider by keys, as somebody without a mouse does. */
async function slide(page, minutes) {
  const slider = await page.waitForSelector('aria/[role="slider"]');
  await slider.focus();
  await page.keyboard.press("Home");
  for (let pressed = 0; pressed < minutes; pressed += 1) {
    await page.keyboard.press("ArrowRight");
  }
}

/** Asks, and waits until the form says how many contacts there are. */
async function pressAsk(page) {
  await press(page, "查询接触者 Ask for the contacts");
  await page.waitForFunction(() => document.querySelector("#contacts-form .status").textContent.includes("contacts"));
}

async function askContacts(page, count) {
  await pressAsk(page);
  await expectContacts(page, 1, 0);
  for (const minutes of [5, 12, 0]) {
    await slide(page, minutes);
    await expectContacts(page, 1, minutes);
  }
  expect(count("/co-presence") === 1, "a threshold of one hop is another question");
  await fill(page, "层数 Hops", "2");
  await pressAsk(page);
  await expectContacts(page, 2, 0);
  await slide(page, 5);
  await waitForText(page, "They were not asked for 5 minutes yet");
  await press(page, "按此时间查询后面各层 Ask for the further hops at this threshold");
  await page.waitForFunction(() => document.querySelector("#further").childElementCount === 0);
  await expectContacts(page, 2, 5);
  await slide(page, 0);
  await expectContacts(page, 2, 0);
  await slide(page, 5);
  await expectContacts(page, 2, 5);
  expect(count("/co-presence") === 3, `${count("/co-presence")} questions for two hops`);
  await slide(page, 0);
}

/** A third hop, which another tracer approves. */
async function extend(page, other, count) {
  const asked = count("/co-presence");
  await fill(page, "层数 Hops", "3");
  await press(page, "查询接触者 Ask for the contacts");
  await page.waitForFunction(() => document.activeElement.id === "extension-reason");
  await page.keyboard.type("a family <b>");
  await page.keyboard.press("Enter");
  await waitForText(page, "第1项扩展等待批准");
  await expectAccessible(page, "an extension waits");
  await signIn(other, town.other);
  await waitForText(other, "a family <b>");
  expect(!(await other.evaluate(() => document.body.innerText)).includes(index), "the approver sees the person");
  await expectAccessible(other, "an extension to approve");
  await other.locator('#pending ::-p-aria([role="button"])').click();
  await waitForText(other, "扩展已批准");
  await pressAsk(page);
  await expectContacts(page, 3, 0);
  // An answer over three hops has the contacts of one.
  await fill(page, "层数 Hops", "1");
  await pressAsk(page);
  await expectContacts(page, 1, 0);
  await fill(page, "层数 Hops", "3");
  await pressAsk(page);
  await expectContacts(page, 3, 0);
  expect(count("/co-presence") === asked + 2, "an answer over more hops was asked again");
}

/** The tables beside the pictures are reached by keys alone. */
async function openTwins(page) {
  for (const [words, table] of [
    ["The encounters of the first", "接触次数 Encounters"],
    ["Connections in the graph", "接触层次图 Graph of hops"],
  ]) {
    const summaries = await page.$$("summary");
    const names = await Promise.all(summaries.map((one) => one.evaluate((element) => element.textContent)));
    const twin = summaries[names.findIndex((name) => name.includes(words))];
    await twin.focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    const reached = await page.evaluate(() => document.activeElement.ariaLabel);
    expect(reached === table, `after ${words} the focus is on ${reached}`);
  }
}

async function reveal(page, count) {
  const [{ person }] = findContacts(stays, index, 1, 1);
  await press(page, `查看… Reveal… ${person}`);
  await page.waitForFunction(() => document.activeElement.id === "reveal-reason");
  await page.keyboard.type("to telephone");
  await page.keyboard.press("Enter");
  await waitForText(page, "姓名在下面的列表中");
  const [[shown, name, phone]] = await readRows(page, "查看姓名 Reveal a name");
  expect(shown === person && name !== "" && /^1\d{10}$/.test(phone), `${shown} ${name} ${phone}`);
  const row = (await readRows(page, "接触者 Contacts")).find((cells) => cells[1] === person);
  expect(row.at(-1) === name, `the table of contacts has ${row.at(-1)}`);
  await page.locator("#reveal-reason").fill("again");
  await press(page, "查看姓名 Reveal the name");
  await waitForText(page, "姓名在下面的列表中");
  expect(count("/reveal") === 1, `${count("/reveal")} reveals`);
}

/** The cells of a CSV file. */
function readCsv(text) {
  const rows = [[""]];
  let isQuoted = false;
  for (const char of text.replaceAll('""', "\u0000").replaceAll("\r\n", "\n")) {
    if (char === '"') {
      isQuoted = !isQuoted;
    } else if (char === "," && !isQuoted) {
      rows.at(-1).push("");
    } else if (char === "\n" && !isQuoted) {
      rows.push([""]);
    } else {
      rows.at(-1)[rows.at(-1).length - 1] += char === "\u0000" ? '"' : char;
    }
  }
  return rows.slice(0, -1);
}

/** The file that a button offers. */
async function download(page, name) {
  await page.evaluate(() => {
    const create = URL.createObjectURL;
    URL.createObjectURL = (blob) => {
      blob.text().then((text) => (document.body.dataset.file = text));
      return create.call(URL, blob);
    };
  });
  await press(page, name);
  await page.waitForFunction(() => document.body.dataset.file !== undefined);
  return page.evaluate(() => {
    const text = document.body.dataset.file;
    delete document.body.dataset.file;
    return text;
  });
}

async function exportTables(page) {
  const trail = readCsv(await download(page, "导出轨迹（CSV） Export the trail (CSV)"));
  const cell = (row, name) => row[trail[0].indexOf(name)];
  const names = trail.slice(1).map((row) => cell(row, "venue_name"));
  const expected = expectedTrail().map(([name]) => (/^[=+\-@＝]/.test(name) ? `'${name}` : name));
  expect(JSON.stringify(names) === JSON.stringify(expected), `the file has the names ${names}`);
  const contacts = readCsv(await download(page, "导出接触（CSV） Export the encounters (CSV)"));
  const context = Object.fromEntries(contacts[0].map((name, at) => [name, contacts[1][at]]));
  expect(context.reference === "'=2+2" && context.purpose === "outbreak-at-venue", JSON.stringify(context));
  expect(context.min_overlap_s === "1" && context.hops === "3", JSON.stringify(context));
  expect(context.exported_by === town.subject && context.case_person === index, JSON.stringify(context));
  const times = ["complete_through", "fetched_at", "window_from", "window_to"];
  expect(times.every((name) => !Number.isNaN(Date.parse(context[name]))), JSON.stringify(context));
  const all = findContacts(stays, index, 3, 1).flatMap(({ encounters }) => encounters);
  expect(contacts.length === all.length + 1, `${contacts.length} lines of ${all.length} encounters`);
}

/** After the page is loaded again, the answers are there and nothing is asked. */
async function reopen(page, count) {
  const before = count("/co-presence") + count("/trail");
  await page.reload();
  await page.waitForSelector("#case-list tbody tr");
  const [[id]] = await readRows(page, "我的案件 My cases");
  await press(page, `查看 Show ${id}`);
  await waitForState(page, "case");
  await expectContacts(page, 3, 0);
  expectRows("the trail", await readRows(page, "轨迹 Trail"), expectedTrail());
  expect(count("/co-presence") + count("/trail") === before, "a question was asked again");
}

async function noteAndClose(page) {
  await page.locator("aria/备注 Notes").click();
  await fill(page, "新备注 New note", "asked <i>the</i> hospital");
  await press(page, "添加备注 Add the note");
  await waitForText(page, "备注已保存");
  await waitForText(page, "asked <i>the</i> hospital");
  await page.locator('aria/结案 Close the case[role="heading"]').click();
  await press(page, "结案 Close the case");
  await waitForText(page, "请先勾选");
  await page.locator("aria/我要结案 I want to close this case").click();
  await press(page, "结案 Close the case");
  await waitForText(page, "已结案。");
  await press(page, "返回全部案件 Back to all cases");
  await waitForState(page, "cases");
  await page.waitForFunction(() => document.querySelector("#case-list").textContent.includes("已结案 Closed"));
}

/** The other tracer then has the case in the list. */
async function handOver(page, other) {
  const [[id]] = await readRows(page, "我的案件 My cases");
  await press(page, `查看 Show ${id}`);
  await waitForState(page, "case");
  await page.locator('aria/移交 Hand over[role="heading"]').click();
  await fill(page, "对方令牌的使用人名称 Subject of the other tracer's token", town.other_subject);
  await press(page, "移交案件 Hand the case over");
  await waitForText(page, `案件已移交给${town.other_subject}`);
  await page.waitForFunction((gone) => !document.querySelector("#case-list").textContent.includes(gone), {}, id);
  await other.reload();
  await other.waitForSelector("#case-list tbody tr");
  const [[handed]] = await readRows(other, "我的案件 My cases");
  expect(handed === id, `the other tracer has ${handed}`);
}

/** The visits at a venue of the trail, and the way to an extension for another venue. */
async function readVenue(page) {
  const { venue, name } = stays.find(({ person }) => person === index);
  await fill(page, "场所编号 Venue id", venue);
  await press(page, "查询到访 Read the visits");
  const there = stays.filter((stay) => stay.venue === venue);
  const expected = there.map(({ person, fromMs, toMs, certainty }) => [
    ...[person, local(fromMs), local(toMs), ENDS[certainty], "导入 imported", ""],
  ]);
  const table = `场所的到访 ${name} Visits at a venue ${name}`;
  await page.waitForFunction(() => document.querySelector("#venue-visits table") !== null);
  expectRows(`the visits at ${name}`, sortRows(await readRows(page, table)), sortRows(expected));
}

try {
  const { page, errors } = await open(browser);
  const { page: other, errors: otherErrors } = await open(await browser.createBrowserContext());
  const count = listenForRequests(page);
  await expectNoAccess(page);
  await signIn(page, town.tracer);
  await openCase(page);
  await expectAccessible(page, "a case without answers");
  await readTrail(page, count);
  await askContacts(page, count);
  await expectAccessible(page, "a case with answers");
  await extend(page, other, count);
  await openTwins(page);
  await readVenue(page);
  await reveal(page, count);
  await exportTables(page);
  await expectAccessible(page, "tables and names", SCHEMES);
  await expectNarrow(page, "a case");
  await reopen(page, count);
  await noteAndClose(page);
  await expectAccessible(page, "all cases", ["dark"]);
  await expectNarrow(page, "all cases");
  await handOver(page, other);
  expectErrors(errors, "status of 401", "status of 403");
  expectErrors(otherErrors);
} finally {
  await stop();
}
