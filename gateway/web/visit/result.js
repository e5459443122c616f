// The answer to a check-in: the colour with the verdict, and all that a resident has to do or to know.

import { maskedNameOf } from "../codes/holder_name.js";
import { formatDayAndTime } from "../lib/city_time.js";
import { showColour } from "../lib/colour.js";
import {
  findElement,
  makeElement,
  makeExternalLink,
  makeHotlineLink,
  makeLine,
  makeWords,
  setText,
} from "../lib/element.js";
import { readRegistration } from "../lib/registration/stored_registration.js";
import { checks, status, verdicts, wordsOf } from "../lib/words.js";

/** The reasons in words, each with a link to the page where the person can clear it. @param {any} answer */
function makeReasonItems({ explanations = [], links = {} }) {
  return explanations.map((/** @type {any} */ { reason, ...words }) => {
    const link = makeExternalLink(links[reason] ?? null, status.clearing);
    return makeElement("li", makeWords(wordsOf(words)), ...(link === null ? [] : [" ", link]));
  });
}

/** Shows whose colour it is: the masked name of this phone's holder, once it is known. */
export function showHolder() {
  const own = readRegistration();
  setText("holder", own === null ? "" : maskedNameOf(own));
}

/** Shows an answer, and moves the focus to the verdict. @param {any} answer */
export function showResult(answer) {
  showColour(answer.colour, answer.verdict);
  showHolder();
  const verdict = findElement("verdict");
  verdict.replaceChildren(makeWords(verdicts[answer.verdict] ?? verdicts.check ?? ["", ""]));
  const steps = answer.checks.map((/** @type {string} */ check) => makeWords(checks[check] ?? [check, ""]));
  findElement("checks").replaceChildren(makeLine(steps, " · "));
  findElement("reasons").replaceChildren(...makeReasonItems(answer));
  findElement("advice").replaceChildren(...(answer.advice === undefined ? [] : [makeWords(wordsOf(answer.advice))]));
  findElement("call").replaceChildren(...(answer.hotline ? [makeHotlineLink(answer.hotline)] : []));
  setText("venue", answer.venue.name);
  setText("at", formatDayAndTime(answer.at));
}
