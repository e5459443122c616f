// Chromium at a door, as staff use the terminal: by a USB scanner, by keys, by hand. Arguments: PORT
// CERTIFICATE VENUE-CODE SETUP. The setup is JSON: tokens `plain`, `checking` (its venue asks for temperature
// and document), `authority`, `tracer`, and another city's `certificate`.

import { arrive, expect, expectErrors, open, start, text } from "../browser.mjs";
import * as desk from "./desk.mjs";

const { browser, port, venue, others, stop } = await start();
const setup = JSON.parse(others[0]);

/** The verdicts, each with its own word, frame, tones and vibration. */
async function showsVerdicts(page, [green, red, other]) {
  const frames = new Set();
  const signals = new Set();
  const remember = async () => {
    frames.add(await page.$eval("#frame-path", (path) => path.getAttribute("d")));
    signals.add(JSON.stringify(await desk.takeSignals(page)));
  };
  // The focus stands elsewhere: the scanner's letters go to the field.
  await page.focus("#camera");
  await desk.scan(page, await desk.codeOf(green));
  await desk.expectCard(page, "pass", "放行", "Pass", "欧*修", `…${green.document.slice(-4)}`, "绿码");
  await remember();
  await desk.expectUsable(page, "pass");

  await desk.scan(page, await desk.codeOf(red));
  await desk.expectCard(page, "refuse", "拒入", "Refuse", "集中隔离", "12345");
  expect(!(await text(page, "#people")).includes("欧*修"), "the last person is still shown");
  expect(await page.$eval("#checks", (checks) => checks.hidden), "there is nothing to check");
  await remember();
  await desk.expectUsable(page, "refuse");

  await page.setRequestInterception(true);
  const blur = (request) => {
    const answer = { id: "0".repeat(26), at: "2022-01-04T00:00:00.000Z", colour: "unknown", verdict: "check" };
    const more = { checks: ["manual"], reasons: [], policy: "xuzhou/3", purpose: "entry", venue: { id: "v", name: "East" } };
    return request.url().endsWith("/v1/check-ins")
      ? request.respond({ contentType: "application/json", body: JSON.stringify({ ...answer, ...more }) })
      : request.continue();
  };
  page.on("request", blur);
  await desk.scan(page, await desk.codeOf(other));
  await desk.expectCard(page, "unknown", "人工核验", "Check by hand", "未知");
  await remember();
  await desk.expectUsable(page, "unknown");
  page.off("request", blur);
  await page.setRequestInterception(false);
  expect(frames.size === 3 && signals.size === 3, JSON.stringify([...signals]));
}

/** The sound can be switched off. The vibration stays. */
async function isSilent(page, person) {
  await page.focus("#sound");
  await page.keyboard.press("Space");
  await desk.scan(page, await desk.codeOf(person));
  await desk.expectCard(page, "pass", "李*");
  const { tones, vibrations } = await desk.takeSignals(page);
  expect(tones.length === 0 && vibrations.length === 1, JSON.stringify({ tones, vibrations }));
  await desk.signIn(page, port, setup.plain);
  expect(!(await page.$eval("#sound", (sound) => sound.checked)), "the switch is forgotten");
  await page.click("#sound");
}

/** Texts that are no person's code, and codes that the gateway refuses. */
async function explainsOtherTexts(page, person) {
  for (const [scanned, words] of [
    [`https://localhost/v/${venue}`, "这是场所码"],
    [venue, "This is the venue's code"],
    [`https://localhost/me#${person.person}.${person.kid}.${person.key}`, "自己的手机"],
    ["6901234567892x", "Not recognised"],
  ]) {
    await page.focus("#scanned");
    await desk.scan(page, scanned);
    await desk.waitForText(page, "#scan-status", words);
    expect((await page.$eval("#scanned", (field) => field.value)) === "", "the field is not empty");
  }
  await desk.scan(page, await desk.codeOf(person, 10));
  await desk.expectCard(page, "problem", "未登记", "此码已过期");
  await desk.expectUsable(page, "problem");
}

/** An input method turns letters into Chinese, and the page reads the keys' places. */
async function readsThroughAnInputMethod(page, person) {
  const session = await page.createCDPSession();
  await page.focus("#scanned");
  const signs = { "-": ["Minus", 0], _: ["Minus", 8] };
  const keys = [...(await desk.codeOf(person))].map((sign) => {
    const isLetter = /[a-z]/i.test(sign);
    return isLetter ? [`Key${sign.toUpperCase()}`, /[A-Z]/.test(sign) ? 8 : 0] : (signs[sign] ?? [`Digit${sign}`, 0]);
  });
  await session.send("Input.imeSetComposition", { text: "啊", selectionStart: 1, selectionEnd: 1 });
  for (const [code, modifiers] of [...keys, ["Enter", 0]]) {
    await session.send("Input.dispatchKeyEvent", { type: "rawKeyDown", key: "Process", code, modifiers, windowsVirtualKeyCode: 229 });
    await session.send("Input.dispatchKeyEvent", { type: "keyUp", key: "Process", code, modifiers, windowsVirtualKeyCode: 229 });
  }
  await desk.expectCard(page, "pass", "李*");
  expect((await page.$eval("#scanned", (field) => field.value)) === "", "the input method's text stays");
}

/** A paper pass and another city's certificate, pasted by hand, and the way out. */
async function takesPassesAndCertificates(page, person) {
  const [{ pass }] = await desk.send(page, "POST", `/v1/people/${person.person}/passes`, setup.authority, { days: 7 });
  await page.focus("#scanned");
  await page.keyboard.type(pass);
  await desk.press(page, "登记 Check in");
  await desk.expectCard(page, "pass", "欧*修");
  await desk.scan(page, setup.certificate);
  await desk.expectCard(page, "pass", "外地健康证明");
  await page.click("input[value=out]");
  await desk.scan(page, await desk.codeOf(person));
  await desk.expectCard(page, "pass", "欧*修");
  await page.click("input[value=in]");
}

/** Several codes, and one request. The card shows the most severe verdict. */
async function takesCompanions(page, [holder, red, child]) {
  const [first, second, third] = await Promise.all([holder, red, child].map((person) => desk.codeOf(person)));
  await desk.press(page, "有同行人 With companions");
  for (const code of [first, first, third, second]) {
    await desk.scan(page, code);
  }
  await desk.waitForText(page, "#group-status", "已扫3人");
  await desk.expectUsable(page, "group");
  // Enter in the empty field sends the group.
  await page.keyboard.press("Enter");
  await desk.expectCard(page, "refuse", "欧*修", "王*", "李*");
  expect((await page.$$("#people > li")).length === 3, "three people are shown");
}

/** Nothing of a person stays on the screen, nor on the device. */
async function forgetsPeople(page, person) {
  await desk.scan(page, await desk.codeOf(person));
  await arrive(page, "pass");
  await arrive(page, "ready");
  const shown = await page.evaluate(() => document.body.innerText + JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(!shown.includes("*") && !shown.includes(person.person), shown);
}

/** Answers the next scans as the gateway does once their codes have ended. */
async function expireCodes(page) {
  const body = JSON.stringify({ status: 401, code: "person-code-expired", server_time: new Date().toISOString() });
  const expire = (request) =>
    request.url().endsWith("/v1/check-ins")
      ? request.respond({ status: 401, contentType: "application/problem+json", body })
      : request.continue();
  await page.setRequestInterception(true);
  page.on("request", expire);
  return async () => {
    page.off("request", expire);
    await page.setRequestInterception(false);
  };
}

/** Checks complete the same check-in, also after its code has ended. */
async function checksAtTheDoor(page, [green, feverish]) {
  const isAnswer = (response) => /\/v1\/check-ins(\/[0-9a-z]{26}\/checks)?$/.test(response.url()) && response.ok();
  // The page may show an answer before the driver has its text.
  const answers = [];
  const awaitAnswer = () => answers.push(page.waitForResponse(isAnswer).then((response) => response.json()));
  awaitAnswer();
  await desk.scan(page, await desk.codeOf(green));
  await desk.expectCard(page, "check", "查验", "Check", "测量体温", "查验证件");
  await desk.expectUsable(page, "check");
  awaitAnswer();
  await desk.press(page, "证件已核 Document shown");
  await page.waitForSelector("#document-shown[aria-pressed=true]");
  await page.waitForFunction(() => !document.getElementById("people").textContent.includes("查验证件"));
  await page.focus("#temperature");
  await page.keyboard.type("3");
  await page.keyboard.press("Enter");
  await desk.waitForText(page, "#checks-status", "30至45");
  await page.keyboard.type("6,6");
  const renewCodes = await expireCodes(page);
  awaitAnswer();
  await page.keyboard.press("Enter");
  await desk.expectCard(page, "pass", "放行");
  await renewCodes();
  const told = await Promise.all(answers);
  expect(new Set(told.map(({ id }) => id)).size === 1, JSON.stringify(told));

  await desk.scan(page, await desk.codeOf(feverish));
  await arrive(page, "check");
  await page.focus("#temperature");
  await page.keyboard.type("38.4");
  await page.keyboard.press("Enter");
  await desk.expectCard(page, "refuse", "拒入");
}

/** Scans without a link are kept with what staff decided, and sent when it is back. */
async function queuesOffline(page, [first, second, third]) {
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.setOfflineMode(true);
  await desk.scan(page, await desk.codeOf(first));
  await desk.expectCard(page, "offline", "离线");
  await desk.expectUsable(page, "offline");
  await desk.scan(page, await desk.codeOf(second));
  await desk.waitForText(page, "#scan-status", "请先选择");
  // By keyboard alone: the focus stands before the two buttons.
  await page.focus("#decide");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await desk.waitForText(page, "#queue-count", "待送出 1 条");
  await desk.expectCard(page, "offline", "已放行");
  await desk.scan(page, await desk.codeOf(second));
  await desk.press(page, "未放行 Turned away");
  await desk.waitForText(page, "#queue-count", "待送出 2 条");
  await desk.scan(page, await desk.codeOf(third, 10));
  await desk.press(page, "已放行 Let in");
  await desk.waitForText(page, "#queue-count", "待送出 3 条");
  // A terminal that is started again without a link still opens, is signed in, and has its queue.
  await page.reload();
  await arrive(page, "ready");
  await desk.waitForText(page, "#queue-count", "待送出 3 条");

  await page.setOfflineMode(false);
  await desk.waitForText(page, "#queue-count", "待送出 0 条");
  await desk.waitForText(page, "#queue-status", "已送出 3 条");
  const answers = await text(page, "#queue-answers");
  for (const words of ["放行，绿码", "拒入，绿码", "未收：此码已过期"]) {
    expect(answers.includes(words), answers);
  }
  const left = await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("scangate-late")));
  expect(left.length === 0, JSON.stringify(left));
  await desk.expectUsable(page, "sent");
}

/** A queue that is full is said, and so are scans of a venue at which the device was before. */
async function saysThatTheQueueIsFull(page, person) {
  await page.evaluate(() => {
    const line = JSON.stringify({ venue: "v0000000000001", scan: { at: "2022-01-04T00:00:00.000Z" } });
    for (let number = 0; number < 1_000; number += 1) {
      localStorage.setItem(`scangate-late ${String(number).padStart(16, "0")}`, line);
    }
  });
  await page.setOfflineMode(true);
  await desk.scan(page, await desk.codeOf(person));
  await desk.press(page, "已放行 Let in");
  await desk.expectCard(page, "problem", "离线记录已满（1000条）", "Use paper");
  await desk.waitForText(page, "#queue-others", "1000 条属于其他场所");
  await page.evaluate(() => localStorage.clear());
  await page.setOfflineMode(false);
}

/** A token that ends, is refused or is another role's. */
async function asksForALink(page) {
  const [claims, mac] = setup.plain.split(".");
  const forged = `${claims}.${mac.startsWith("A") ? "B" : "A"}${mac.slice(1)}`;
  await desk.signIn(page, port, forged);
  await desk.scan(page, await desk.codeOf({ person: "p0000000000001", kid: 1, key: "A".repeat(43) }));
  await arrive(page, "signed-out");
  await desk.waitForText(page, "#sign-in", "Ask for a new sign-in link");
  await desk.signIn(page, port, setup.tracer, "signed-out");
  await desk.waitForText(page, "#sign-in", "不是查验终端");
  await page.reload();
  await arrive(page, "signed-out");
  await desk.waitForText(page, "#sign-in", "登录链接");
  await desk.expectUsable(page, "signed out");
}

try {
  const { page, errors } = await open(browser);
  await desk.recordSignals(page);
  await desk.signIn(page, port, setup.plain);
  await desk.expectUsable(page, "ready");
  const people = await desk.importPeople(page, setup.authority, ["欧阳修", "王五", "李四"]);
  const [green, red, other] = people;
  // A scan that was answered before keeps its first verdict, so these people are never here before. A device
  // on a slow link may call a scan some seconds older than it is, and they must be registered by then.
  const strangers = await desk.importPeople(page, setup.authority, ["孙七", "周八", "吴九"]);
  const ordered = { person: red.person, kind: "ordered", measure: "central-quarantine", source: "province" };
  await desk.send(page, "POST", "/v1/facts", setup.authority, [{ ...ordered, at: new Date().toISOString() }]);
  await showsVerdicts(page, people);
  await isSilent(page, other);
  await explainsOtherTexts(page, green);
  await readsThroughAnInputMethod(page, other);
  await takesPassesAndCertificates(page, green);
  await takesCompanions(page, people);
  await forgetsPeople(page, green);
  await queuesOffline(page, strangers);
  await saysThatTheQueueIsFull(page, green);
  await desk.signIn(page, port, setup.checking);
  await checksAtTheDoor(page, [green, other]);
  await asksForALink(page);
  expectErrors(errors, "status of 401", "ERR_INTERNET_DISCONNECTED", "status of 404");
  console.log(JSON.stringify({ browser: await browser.version() }));
} finally {
  await stop();
}
