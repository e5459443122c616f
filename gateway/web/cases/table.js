// Tables of the console. A table scrolls in a region of its own, which the keyboard reaches.

import { makeActionButton } from "../form/actions.js";
import { makeElement, makeLine, makeWords } from "../lib/element.js";
import { fill, joinWords, marks, tracerConsole } from "../lib/words.js";
import { formatTime } from "../lib/city_time.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("../form/actions.js").Action} Action */
/** @typedef {import("./answers/answer_store.js").StoredAnswer} StoredAnswer */

/** A cell of an id, which is not broken over lines. @param {string} id */
export function makeIdCell(id) {
  const cell = makeElement("td", id);
  cell.className = "id";
  return cell;
}

/** A cell of a time. @param {string} at A server's time. */
export function makeTimeCell(at) {
  const time = makeElement("time", formatTime(at));
  time.dateTime = at;
  const cell = makeElement("td", time);
  cell.className = "time";
  return cell;
}

/** A cell of the reasons to doubt a visit. @param {string[]} doubts */
export function makeMarksCell(doubts) {
  const shown = doubts.map((doubt) => (marks[doubt] === undefined ? doubt : makeWords(marks[doubt])));
  return makeElement("td", makeLine(shown, ", "));
}

/** A word of the gateway in both languages. @param {Record<string, Words>} texts @param {string} word */
export function makeWordCell(texts, word) {
  const known = texts[word];
  return makeElement("td", known === undefined ? word : makeWords(known));
}

/** @param {string | number | Node} inside */
function makeCell(inside) {
  const isCell = inside instanceof HTMLTableCellElement;
  return isCell ? inside : makeElement("td", typeof inside === "number" ? String(inside) : inside);
}

/** A table in a region that scrolls.
 * @param {Words} caption @param {Words[]} head @param {(string | number | Node)[][]} rows */
export function makeTable(caption, head, rows) {
  const names = head.map((words) => {
    const name = makeElement("th", makeWords(words));
    name.scope = "col";
    return name;
  });
  const body = rows.map((row) => makeElement("tr", ...row.map(makeCell)));
  const table = makeElement(
    "table",
    makeElement("caption", makeWords(caption)),
    makeElement("thead", makeElement("tr", ...names)),
    makeElement("tbody", ...body),
  );
  const region = makeElement("div", table);
  region.className = "scroll";
  region.tabIndex = 0;
  region.setAttribute("role", "group");
  region.setAttribute("aria-label", joinWords(caption));
  return region;
}

/** Above an answer: when it was read, how far its data reach, and a button that asks again.
 * @param {StoredAnswer} stored @param {Action} askAgain */
export function makeAnswerHead({ fetchedAtMs, body }, askAgain) {
  const { complete_through: completeThrough, kept_from: keptFrom, outside_district: outside } = body;
  /** @type {Words[]} */
  const lines = [
    fill(tracerConsole.fetched, { at: formatTime(fetchedAtMs) }),
    fill(tracerConsole.complete, { at: formatTime(completeThrough) }),
    ...(keptFrom === undefined ? [] : [fill(tracerConsole.keptFrom, { at: formatTime(keptFrom) })]),
    ...(outside ? [fill(tracerConsole.outsideDistrict, { n: outside })] : []),
  ];
  const shown = lines.map((words) => makeElement("li", makeWords(words)));
  const again = makeActionButton(tracerConsole.fetchAgain, askAgain);
  return makeElement("div", makeElement("ul", ...shown), again, makeQuiet(tracerConsole.fetchAgainCost));
}

/** Moves the focus to an answer that is new. @param {HTMLElement} place */
export function focusAnswer(place) {
  place.tabIndex = -1;
  place.focus();
}

/** A line in a quiet colour. @param {Words} words */
export function makeQuiet(words) {
  const line = makeElement("p", makeWords(words));
  line.className = "quiet";
  return line;
}

/** The subject of a row's button, for people who do not see the row. @param {string} text */
export function makeUnseen(text) {
  const unseen = makeElement("span", ` ${text}`);
  unseen.className = "unseen";
  return unseen;
}

/** A button that acts immediately. @param {Words} words @param {() => void} act */
export function makeButton(words, act) {
  const button = makeElement("button", makeWords(words));
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

/** A button of a row, which acts immediately.
 * @param {Words} words @param {string} subject What the row is about. @param {() => void} act */
export function makeRowButton(words, subject, act) {
  const button = makeButton(words, act);
  button.append(makeUnseen(subject));
  return button;
}
