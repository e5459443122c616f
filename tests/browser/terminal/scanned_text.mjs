// What the terminal makes of scanned texts and of pressed keys, without a browser.

import assert from "node:assert/strict";
import { makeKeyRecord } from "../../../gateway/web/terminal/scan/key_record.js";
import { readScanned } from "../../../gateway/web/terminal/scan/scanned_text.js";

const PERSON = "AQEBI0VniavN7wNCzMAe3n2Mq7okni5LDrnBsVMA";
const PASS = "AwEBI0VniavN7wAASjhTVgqvJSEkNYzKTicH2B7x";
const POSTER = "EQH-3LqYdlQyEAAHN3l10ahRGSfZ7mXfW8JBzQ";
const DOOR = Buffer.from([0x12, ...new Uint8Array(31)]).toString("base64url");
const TOKEN = PERSON.replace(/^AQ/, "Ag");
const SHEET = `https://city.example/me#p0123456789abc.1.${"k".repeat(43)}`;
const encode = (content) => Buffer.from(JSON.stringify(content)).toString("base64url");
const CERTIFICATE = `${encode({ issuer: "xuzhou", subject: "c3Vi", colour: "green" })}.${"s".repeat(86)}`;
const STAFF_TOKEN = `${encode({ role: "terminal", subject: "gate" })}.${"s".repeat(43)}`;

for (const [text, kind] of [
  [PERSON, "person"],
  [` ${PERSON.slice(0, 20)}\r\n${PERSON.slice(20)}\u200b`, "person"],
  [PASS, "pass"],
  [CERTIFICATE, "certificate"],
  [POSTER, "venue"],
  [DOOR, "venue"],
  [`https://city.example/v/${POSTER}`, "venue"],
  [`HTTPS://CITY.EXAMPLE:8443/v/${POSTER}?from=poster`, "venue"],
  [SHEET, "sheet"],
  [`https://city.example/staff/terminal#${STAFF_TOKEN}`, "sign-in"],
  ["https://city.example/staff/terminal", "unknown"],
  ["https://city.example/me", "unknown"],
  [TOKEN, "unknown"],
  [STAFF_TOKEN, "unknown"],
  [PERSON.slice(0, 39), "unknown"],
  [`${PERSON}A`, "unknown"],
  [`${CERTIFICATE}${"s".repeat(2_048)}`, "unknown"],
  [`${encode([])}.s`, "unknown"],
  ["e30.e30.e30", "unknown"],
  ["6901234567892", "unknown"],
  ["张三", "unknown"],
  ["", "unknown"],
]) {
  assert.equal(readScanned(text).kind, kind, text);
}
assert.deepEqual(readScanned(` ${PASS}\n`), { kind: "pass", text: PASS });

/** Presses keys as a US keyboard has them, 5 ms apart. */
function press(record, text, { isCapsLocked = false, fromMs = 0 } = {}) {
  const signs = { "-": ["Minus", false], _: ["Minus", true], ".": ["Period", false], "/": ["Slash", false], ":": ["Semicolon", true], "#": ["Digit3", true] };
  [...text].forEach((sign, place) => {
    const isUpper = /[A-Z]/.test(sign);
    const [code, shiftKey] = /[a-z]/i.test(sign)
      ? [`Key${sign.toUpperCase()}`, isUpper !== isCapsLocked]
      : (signs[sign] ?? [`Digit${sign}`, false]);
    record.add({ code, shiftKey, timeStamp: fromMs + 5 * place, getModifierState: () => isCapsLocked });
  });
}

for (const text of [PERSON, PASS, POSTER, SHEET, "AQ-_09.z"]) {
  for (const isCapsLocked of [false, true]) {
    const record = makeKeyRecord();
    press(record, text, { isCapsLocked });
    assert.equal(record.read(), text);
  }
}
const record = makeKeyRecord();
press(record, "nihao", { fromMs: 10_000 });
press(record, PERSON, { fromMs: 20_000 });
assert.equal(record.read(), PERSON, "a pause begins another text");
record.add({ code: "Enter", shiftKey: false, timeStamp: 20_300, getModifierState: () => false });
record.add({ code: "ShiftLeft", shiftKey: true, timeStamp: 20_301, getModifierState: () => false });
assert.equal(record.read(), PERSON);
record.clear();
assert.equal(record.read(), "");
