// Finds the page's elements by id, and makes new ones. Text is inserted as text: input from a server or a
// person is never parsed as markup.

import { formatDayAndTime } from "./city_time.js";
import { fill, joinWords, status } from "./words.js";

/** @typedef {import("./words.js").Words} Words */

/** The addresses that a link may lead to. People write the rule packs, so other schemes are refused. */
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

/** Replaces the options of a choice. The selected one stays selected if it is still offered and enabled.
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
    // A screen reader would read an unchanged text aloud again.
    place.textContent = text;
  }
}

/** @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} text @param {string} language */
function makeText(tag, text, language) {
  const made = makeElement(tag, text);
  made.lang = language;
  return made;
}

/** Both languages in one line, each marked as what it is. @param {Words} words */
export function makeWords([chinese, english]) {
  const line = document.createDocumentFragment();
  line.append(makeText("span", chinese, "zh-CN"), " ", makeText("span", english, "en"));
  return line;
}

/** Parts in one line, with a mark between them. @param {(string | Node)[]} parts @param {string} mark */
export function makeLine(parts, mark) {
  const line = document.createDocumentFragment();
  parts.forEach((part, at) => line.append(...(at === 0 ? [part] : [mark, part])));
  return line;
}

/** Shows both languages in one line. @param {string} id @param {Words} words */
export function showWords(id, words) {
  const place = findElement(id);
  if (place.textContent !== joinWords(words)) {
    // A screen reader would read an unchanged text aloud again.
    place.replaceChildren(makeWords(words));
  }
}

/** Shows Chinese, and English below it, in an element. @param {HTMLElement} place @param {Words} words */
export function setWords(place, [chinese, english]) {
  place.replaceChildren(makeText("span", chinese, "zh-CN"), makeText("small", english, "en"));
}

/** Shows the outcome of an action whose button is gone. The outcome takes the focus.
 * @param {HTMLElement} line @param {Words} words */
export function showOutcome(line, words) {
  setWords(line, words);
  line.tabIndex = -1;
  line.focus();
}

/**
 * A new element around text or other elements.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {...(string | Node)} inside
 */
export function makeElement(tag, ...inside) {
  const made = document.createElement(tag);
  made.append(...inside);
  return made;
}

/** A list of names and their values. @param {[Words, string | Node][]} lines */
export function makeDefinitions(lines) {
  const shown = lines.flatMap(([name, value]) => [makeElement("dt", makeWords(name)), makeElement("dd", value)]);
  return makeElement("dl", ...shown);
}

/** Shows a list, or a text in place of an empty one.
 * @param {string} id @param {(string | Node)[][]} entries @param {Words} [nothing] */
export function showList(id, entries, nothing = status.empty) {
  const lines = entries.length === 0 ? [[makeWords(nothing)]] : entries;
  findElement(id).replaceChildren(...lines.map((line) => makeElement("li", ...line)));
}

/** A server's time, by the city's clocks. @param {string} at */
export function makeTime(at) {
  const shown = makeElement("time", formatDayAndTime(at));
  shown.dateTime = at;
  return shown;
}

/** A link to another website, without a referrer. Null if the address is missing or does not use HTTPS.
 * @param {string | null | undefined} address @param {Words} words */
export function makeExternalLink(address, words) {
  if (address === null || address === undefined || !HTTPS_ADDRESS.test(address)) {
    return null;
  }
  const link = makeElement("a", makeWords(words));
  link.href = address;
  link.rel = "noreferrer";
  return link;
}

/** The hotline: a link that dials it, or plain text if it is not a phone number. @param {string} number */
export function makeHotlineLink(number) {
  const words = makeWords(fill(status.hotline, { number }));
  if (!PHONE.test(number)) {
    return makeElement("span", words);
  }
  const link = makeElement("a", words);
  link.href = `tel:${number.replace(/[ -]/g, "")}`;
  return link;
}
