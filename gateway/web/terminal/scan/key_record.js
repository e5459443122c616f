// The text of pressed keys, read by their place on the keyboard. A scanner types as a US keyboard. An input
// method that is switched on turns its letters into Chinese, and leaves the places of the keys.

/** The characters of keys that are neither letters nor digits: plain, and with shift.
 * @type {Record<string, string>} */
const SIGNS = { Minus: "-_", Equal: "=+", Period: ".>", Comma: ",<", Slash: "/?", Semicolon: ";:" };
/** The characters of the digits' keys with shift. */
const SHIFTED_DIGITS = ")!@#$%^&*(";
/** The pause after which a key begins another text. A scanner's keys are milliseconds apart.
 * **Units**: milliseconds. */
const PAUSE_MS_MAX = 1_000;

/** @typedef {Pick<KeyboardEvent, "code" | "shiftKey" | "timeStamp" | "getModifierState">} PressedKey */

/** The character of a key, or "" if it has none. @param {PressedKey} key */
function characterOf(key) {
  const [, letter, digit] = /^(?:Key([A-Z])|Digit([0-9]))$/.exec(key.code) ?? [];
  if (letter !== undefined) {
    return key.shiftKey === key.getModifierState("CapsLock") ? letter.toLowerCase() : letter;
  }
  if (digit !== undefined) {
    return key.shiftKey ? (SHIFTED_DIGITS[Number(digit)] ?? "") : digit;
  }
  return SIGNS[key.code]?.[key.shiftKey ? 1 : 0] ?? "";
}

/** A record of the keys that were pressed without a pause. */
export function makeKeyRecord() {
  let [text, lastAtMs] = ["", 0];
  return {
    /** @param {PressedKey} key */
    add(key) {
      const before = key.timeStamp - lastAtMs > PAUSE_MS_MAX ? "" : text;
      text = before + characterOf(key);
      lastAtMs = key.timeStamp;
    },
    clear() {
      text = "";
    },
    read: () => text,
  };
}
