// The field for USB scanners, which type like a keyboard and end with Enter, and for typing by hand. A letter
// typed elsewhere on the page moves to the field, so no scan is lost.

import { findElement, findInput } from "../../lib/element.js";
import { makeKeyRecord } from "./key_record.js";
import { readScanned } from "./scanned_text.js";

/** @typedef {import("./scanned_text.js").Credential} Credential */
/** @typedef {import("./scanned_text.js").OtherText} OtherText */
/**
 * The use of the field.
 * @typedef {object} FieldUse
 * @property {(scanned: Credential | OtherText) => void} take Takes a text.
 * @property {() => void} finish Answers Enter in the empty field.
 */

const LETTER = /^Key[A-Z]$/;
const ENTER = ["Enter", "NumpadEnter"];

/** Puts the focus into the field. A touch screen shows no keyboard before a touch of the field. */
export function focusScanField() {
  const field = findInput("scanned");
  field.inputMode = "none";
  field.focus({ preventScroll: true });
}

/** @param {KeyboardEvent} event */
function isTyped({ ctrlKey, altKey, metaKey }) {
  return !ctrlKey && !altKey && !metaKey;
}

/** Prepares the field. @param {FieldUse} use */
export function startScanField({ take, finish }) {
  const field = findInput("scanned");
  const record = makeKeyRecord();

  const takeText = () => {
    const [typed, pressed] = [readScanned(field.value), readScanned(record.read())];
    const isEmpty = field.value.trim() === "" && record.read() === "";
    field.value = "";
    record.clear();
    if (isEmpty) {
      finish();
    } else {
      take(typed.kind === "unknown" ? pressed : typed);
    }
  };
  /** Enter while an input method has the keys. A scan ends with it, a Chinese word does as well.
   * @param {KeyboardEvent} event */
  const endComposition = (event) => {
    if (readScanned(record.read()).kind !== "unknown") {
      event.preventDefault();
      // The input method drops what it has composed.
      field.blur();
      takeText();
      focusScanField();
    }
  };

  document.addEventListener("keydown", (event) => {
    const isInField = document.activeElement === field;
    if (isTyped(event) && LETTER.test(event.code) && !isInField) {
      record.clear();
      focusScanField();
    } else if (!isInField) {
      return;
    }
    if (event.isComposing && ENTER.includes(event.code)) {
      endComposition(event);
    } else if (isTyped(event)) {
      record.add(event);
    }
  });
  field.addEventListener("pointerdown", () => {
    field.inputMode = "text";
  });
  findElement("scan-form").addEventListener("submit", (event) => {
    event.preventDefault();
    takeText();
  });
}
