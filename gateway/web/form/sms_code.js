// The code by text message. The button that requests it is disabled for a minute afterwards: a message takes
// time to arrive, and each request may use up one of a few.

import { setWords } from "../lib/element.js";
import { makeIdempotencyKey, sendOnce } from "../lib/http.js";
import { fill, forms, problems, status } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */

const PAUSE_S = 60;
/** The gateway allows the SMS provider five seconds. */
const TRY_MS = 15_000;

/** Disables the button for so many seconds. @param {HTMLButtonElement} button @param {number} seconds */
function disableFor(button, seconds) {
  const again = Date.now() + seconds * 1000;
  const words = [...button.childNodes];
  button.disabled = true;
  const ticking = setInterval(() => {
    const left = Math.ceil((again - Date.now()) / 1000);
    setWords(button, fill(forms.codeAgain, { left }));
    if (left <= 0) {
      clearInterval(ticking);
      button.replaceChildren(...words);
      button.disabled = false;
    }
  }, 250);
}

/**
 * Requests a code for a phone.
 * @param {HTMLButtonElement} button
 * @param {string} phone
 * @param {(words: Words) => void} tell
 */
export async function requestSmsCode(button, phone, tell) {
  button.disabled = true;
  tell(forms.sendingCode);
  const how = { tryMs: TRY_MS, key: makeIdempotencyKey() };
  const answer = await sendOnce("/v1/people/sms-codes", { phone }, how);
  button.disabled = false;
  if (answer?.status === 202) {
    tell(forms.codeSent);
    disableFor(button, PAUSE_S);
  } else if (answer?.status === 429 && typeof answer.body.retry_after_ms === "number") {
    tell(problems["too-many"] ?? status.unknownProblem);
    disableFor(button, answer.body.retry_after_ms / 1000);
  } else {
    tell(answer === null ? status.offline : (problems[answer.body.code] ?? status.unknownProblem));
  }
}
