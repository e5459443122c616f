// Inquiries to the authority: appeals against a colour, and questions about anything else. Each has a
// reference number and a deadline for the answer.

import { handleSubmit } from "../form/actions.js";
import { prepareLoadedPart } from "./collapsible.js";
import { findInput, makeDefinitions, makeElement, makeTime, makeWords, showList } from "../lib/element.js";
import { changeOwn, readOwn } from "../lib/resident_api.js";
import { fill, labels, problemWords, resident } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {{one: string, many: string}} InquiryKind The names of one and many, in JSON and in ids. */

/** @type {InquiryKind} */
export const APPEALS = { one: "appeal", many: "appeals" };
/** @type {InquiryKind} */
export const QUESTIONS = { one: "question", many: "questions" };

/** @param {any} inquiry */
function describeState({ answer, overdue }) {
  if (answer !== null) {
    return resident.answered;
  }
  return overdue ? resident.answerOverdue : resident.answerPending;
}

/** @param {InquiryKind} kind @param {any} inquiry */
function formatInquiry({ one }, inquiry) {
  const text = makeElement("p", inquiry.text);
  text.className = "letter";
  /** @type {[Words, string | Node][]} */
  const lines = [
    [labels.id, inquiry[one]],
    [labels.sent, makeTime(inquiry.at)],
    [labels.due, makeTime(inquiry.due)],
  ];
  if (inquiry.answer !== null) {
    lines.push([labels.answer, inquiry.answer.text]);
  }
  return [makeElement("strong", makeWords(describeState(inquiry))), text, makeDefinitions(lines)];
}

/** Prepares the part of the page for a kind of inquiry. @param {InquiryKind} kind */
export function prepareInquiries(kind) {
  const { one, many } = kind;
  const load = prepareLoadedPart(
    many,
    (retrying) => readOwn(`/${many}`, retrying),
    (body) => {
      const entries = body[many].reverse().map((/** @type {any} */ inquiry) => formatInquiry(kind, inquiry));
      showList(`${many}-list`, entries);
    },
  );
  handleSubmit(`${one}-form`, async (retrying) => {
    const text = findInput(`${one}-text`).value.trim();
    const answer = await changeOwn("POST", `/${many}`, { text }, retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    findInput(`${one}-text`).value = "";
    void load();
    return fill(resident.inquirySent, { id: answer.body[one] });
  });
}
