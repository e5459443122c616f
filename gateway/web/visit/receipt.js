// The receipt of a check-in. It stays in this tab: a reload shows it and sends no check-in.

import { findElement, makeElement, makeTime, makeWords, setText } from "../lib/element.js";
import { checkInPage } from "../lib/words.js";

/** The receipt, with the venue's code from the page's address.
 * @typedef {{code: string, id: string, at: string, venue: string, left?: string}} Receipt */

const PLACE = "scangate-receipt";
/** The characters of a check-in's id that people compare. */
const SHORT_ID = 8;

/** The receipt of this venue in this tab, or null. @param {string} code @returns {Receipt | null} */
export function readReceipt(code) {
  try {
    const found = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
    return found?.code === code ? found : null;
  } catch {
    return null;
  }
}

/** @param {Receipt} receipt */
export function saveReceipt(receipt) {
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(receipt));
  } catch {
    // Without storage a reload checks in again.
  }
}

/** Shows a receipt. @param {Receipt} receipt */
export function showReceipt({ id, at, venue, left }) {
  setText("receipt-venue", venue);
  findElement("receipt-at").replaceChildren(makeTime(at));
  setText("receipt-id", id.slice(0, SHORT_ID).toUpperCase());
  const line = left === undefined ? [] : [makeWords(checkInPage.leftAt), " ", makeTime(left)];
  findElement("receipt-left").replaceChildren(...line.map((part) => makeElement("span", part)));
  findElement("leave").hidden = left !== undefined;
}
