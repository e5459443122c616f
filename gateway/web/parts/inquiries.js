// Letters to the authority: appeals against a colour, and questions about anything else. Each has a number to refer to
// and a time by which it is answered.

import { prepareForm } from "../form/actions.js";
import { preparePart } from "../lib/collapsible.js";
import { input, list, make, terms, when } from "../lib/element.js";
import { act, read } from "../lib/resident_api.js";
import { labels, problemOf } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {{one: string, many: string}} Kind What one and many are called, in answers and on the page. */

/** @type {Kind} */
export const APPEALS = { one: "appeal", many: "appeals" };
/** @type {Kind} */
export const QUESTIONS = { one: "question", many: "questions" };

/** @param {any} letter */
function stateOf({ answer, overdue }) {
  if (answer !== null) {
    return "✓ 已答复 Answered";
  }
  return overdue ? "⚠ 超时未答复，可拨打咨询电话 Overdue: call the city's number" : "… 待答复 Waits for an answer";
}

/** @param {Kind} kind @param {any} letter */
function entry({ one }, letter) {
  const text = make("p", letter.text);
  text.className = "letter";
  /** @type {[Words, string | Node][]} */
  const lines = [
    [labels.id, letter[one]],
    [labels.sent, when(letter.at)],
    [labels.due, when(letter.due)],
  ];
  if (letter.answer !== null) {
    lines.push([labels.answer, letter.answer.text]);
  }
  return [make("strong", stateOf(letter)), text, terms(lines)];
}

/** Makes the part of a kind work. @param {Kind} kind */
export function prepareLetters(kind) {
  const { one, many } = kind;
  const load = preparePart(
    many,
    (retrying) => read(`/${many}`, retrying),
    (body) => list(`${many}-list`, body[many].reverse().map((/** @type {any} */ letter) => entry(kind, letter))),
  );
  prepareForm(`${one}-form`, async (retrying) => {
    const text = input(`${one}-text`).value.trim();
    const answer = await act("POST", `/${many}`, { text }, retrying);
    if (answer.status !== 200) {
      return problemOf(answer);
    }
    input(`${one}-text`).value = "";
    void load();
    return [`已提交，编号 ${answer.body[one]}`, `Sent: its number is ${answer.body[one]}`];
  });
}
