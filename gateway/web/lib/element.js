// The page's elements: found by id, and made. Text goes in as text, so that nothing a server or a person says is ever
// read as markup.

import { emptyWords, joinWords } from "./words.js";

/** @typedef {import("./words.js").Words} Words */

/** The address of a page that a link may lead to; a rule pack is written by people. */
const HTTPS_ADDRESS = /^https:\/\//;
const PHONE = /^[+0-9][0-9 -]+$/;

/** @param {string} id */
export function findElement(id) {
  const found = document.getElementById(id);
  if (found === null) {
    throw new Error(`the page has no ${id}`);
  }
  return found;
}

/** @param {string} id */
export function findInput(id) {
  return /** @type {HTMLInputElement} */ (findElement(id));
}

/** @param {string} id */
export function findSelect(id) {
  return /** @type {HTMLSelectElement} */ (findElement(id));
}

/** Offers these, and leaves chosen what was, where it still can be.
 * @param {string} id @param {HTMLOptionElement[]} options */
export function setOptions(id, options) {
  const choice = findSelect(id);
  const still = options.find(({ value, disabled }) => value === choice.value && !disabled);
  choice.replaceChildren(...options);
  if (still !== undefined) {
    still.selected = true;
  }
  return choice;
}

/** @param {string} id @param {string} text */
export function setText(id, text) {
  const place = findElement(id);
  if (place.textContent !== text) {
    // The same once more would be read out once more.
    place.textContent = text;
  }
}

/** Chinese, and English below it, in an element of the page. @param {HTMLElement} place @param {Words} words */
export function setWords(place, [chinese, english]) {
  const small = document.createElement("small");
  small.textContent = english;
  place.replaceChildren(chinese, small);
}

/**
 * A new element around text or others.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {...(string | Node)} inside
 */
export function makeElement(tag, ...inside) {
  const made = document.createElement(tag);
  made.append(...inside);
  return made;
}

/** What something is called, and what it is. @param {[Words, string | Node][]} lines */
export function makeDefinitions(lines) {
  const shown = lines.flatMap(([name, value]) => [makeElement("dt", joinWords(name)), makeElement("dd", value)]);
  return makeElement("dl", ...shown);
}

/** Shows a list, or that there is nothing on it.
 * @param {string} id @param {(string | Node)[][]} entries @param {Words} [nothing] */
export function showList(id, entries, nothing = emptyWords) {
  const lines = entries.length === 0 ? [[joinWords(nothing)]] : entries;
  findElement(id).replaceChildren(...lines.map((line) => makeElement("li", ...line)));
}

/** A time of the server's, by this phone's calendar. @param {string} at */
export function makeTime(at) {
  const shown = makeElement("time", new Date(at).toLocaleString("zh-CN"));
  shown.dateTime = at;
  return shown;
}

/** A link that leads out of here and tells nobody from where; none where the address is no safe one.
 * @param {string | null | undefined} address @param {Words} words */
export function makeExternalLink(address, words) {
  if (address === null || address === undefined || !HTTPS_ADDRESS.test(address)) {
    return null;
  }
  const link = makeElement("a", joinWords(words));
  link.href = address;
  link.rel = "noreferrer";
  return link;
}

/** A number to call, at a touch where it is one. @param {string} number */
export function makeHotlineLink(number) {
  const words = `咨询电话 ${number} · Questions: ${number}`;
  if (!PHONE.test(number)) {
    return makeElement("span", words);
  }
  const link = makeElement("a", words);
  link.href = `tel:${number.replace(/[ -]/g, "")}`;
  return link;
}
