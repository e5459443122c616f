// The card with the verdict: a frame, a sign and a word, each of its own for each state, so that staff need
// neither colours nor sound. Below them stand the masked holder, whom staff compare with the person, and the
// reasons.

import { makeColourMark } from "../../lib/colour.js";
import {
  findElement,
  makeElement,
  makeHotlineLink,
  makeLine,
  makeWords,
  setText,
  setWords,
} from "../../lib/element.js";
import { checks, classes, terminal, terminalStates, wordsOf } from "../../lib/words.js";

/** @typedef {import("../../lib/words.js").Words} Words */
/**
 * The state of the card.
 * @typedef {"ready" | "sending" | "pass" | "check" | "refuse" | "unknown" | "problem" | "offline"} CardState
 */

/** SVG paths: a circle, a triangle, an octagon and a square, each with its sign.
 * @type {Record<CardState, string>} */
const FRAMES = {
  ready: "",
  sending: "",
  pass: "M50 5 A45 45 0 1 1 49.9 5 Z M28 52 L44 68 L73 34",
  check: "M50 6 L96 92 L4 92 Z M50 36 V64 M50 78 V79",
  refuse: "M31 5 H69 L95 31 V69 L69 95 H31 L5 69 V31 Z M33 33 L67 67 M67 33 L33 67",
  unknown: "M6 6 H94 V94 H6 Z M36 40 A15 15 0 1 1 54 54 Q50 57 50 63 M50 76 V77",
  problem: "M6 6 H94 V94 H6 Z M50 26 V60 M50 74 V75",
  offline: "M6 6 H94 V94 H6 Z M30 50 H32 M49 50 H51 M68 50 H70",
};
/** Verdicts from the mildest to the most severe. A group has the verdict of its most severe member. */
const SEVERITY = /** @type {const} */ (["pass", "check", "unknown", "refuse"]);

/** The state of one answer. A person whose colour the gateway cannot know is neither passed nor refused.
 * @param {any} answer @returns {typeof SEVERITY[number]} */
export function stateOf({ colour, verdict }) {
  if (verdict === "pass" || verdict === "refuse") {
    return verdict;
  }
  return colour === "unknown" ? "unknown" : "check";
}

/** The people of an answer, the holder first. @param {any} answer @returns {any[]} */
function peopleOf(answer) {
  return [answer, ...(answer.companions ?? [])];
}

/** The state of an answer with its companions. @param {any} answer */
export function worstStateOf(answer) {
  const ranks = peopleOf(answer).map((person) => SEVERITY.indexOf(stateOf(person)));
  return SEVERITY[Math.max(...ranks)] ?? "unknown";
}

/** @param {any} answer */
function makeHolderLine({ holder, pseudonym, fast }) {
  const known = holder === undefined ? [] : [holder.name, holder.document, makeWords(classes[holder.class] ?? ["", ""])];
  const visitor = pseudonym === undefined ? [] : [makeWords(terminal.visitor)];
  const announced = fast === true ? [makeWords(terminal.announced)] : [];
  return makeLine([...known, ...visitor, ...announced], " · ");
}

/** @param {any} person */
function makeReasons({ explanations = [], advice, checks: open, hotline }) {
  const steps = open.map((/** @type {string} */ check) => makeWords(checks[check] ?? [check, ""]));
  const texts = [...explanations, ...(advice === undefined ? [] : [advice])];
  return [
    ...(steps.length === 0 ? [] : [makeElement("p", makeWords(terminal.stillOpen), ": ", makeLine(steps, " · "))]),
    ...texts.map((text) => makeElement("p", makeWords(wordsOf(text)))),
    ...(hotline ? [makeElement("p", makeHotlineLink(hotline))] : []),
  ];
}

/** A person of an answer. In a group each has a verdict of their own.
 * @param {any} person @param {boolean} isInGroup */
function makePersonItem(person, isInGroup) {
  const verdict = isInGroup ? [makeElement("strong", makeWords(terminalStates[stateOf(person)] ?? ["", ""]))] : [];
  const holder = makeElement("p", makeHolderLine(person));
  holder.className = "holder";
  return makeElement("li", makeColourMark(person.colour), ...verdict, holder, ...makeReasons(person));
}

/** Shows a state without a person: in its own words or in others.
 * @param {CardState} state @param {Words} [words] */
export function showState(state, words) {
  document.body.dataset.state = state;
  findElement("frame-path").setAttribute("d", FRAMES[state]);
  setWords(findElement("verdict"), words ?? terminalStates[state] ?? ["", ""]);
  findElement("verdict-note").replaceChildren();
  findElement("people").replaceChildren();
}

/** Shows why nothing was recorded. @param {Words} words @param {string} [hotline] */
export function showProblem(words, hotline) {
  showState("problem");
  const note = findElement("verdict-note");
  setWords(note, words);
  note.append(...(hotline ? [makeElement("br"), makeHotlineLink(hotline)] : []));
}

/** Shows the gateway's answer to a scan. @param {any} answer */
export function showAnswer(answer) {
  const people = peopleOf(answer);
  showState(worstStateOf(answer));
  findElement("people").replaceChildren(...people.map((person) => makePersonItem(person, people.length > 1)));
  setText("venue-name", answer.venue.name);
}
