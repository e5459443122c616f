// The code by text message. The button that requests it is disabled for a minute afterwards: a message takes
// time to arrive, and each request may use up one of a few.

import { makeIdempotencyKey, sendOnce } from "../lib/http.js";
import { offlineWords, problems, unknownProblem } from "../lib/words.js";

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
    button.textContent = `${left} 秒后可再次获取 · try again in ${left} s`;
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
  tell(["正在发送…", "Sending…"]);
  const how = { tryMs: TRY_MS, key: makeIdempotencyKey() };
  const answer = await sendOnce("/v1/people/sms-codes", { phone }, how);
  button.disabled = false;
  if (answer?.status === 202) {
    tell(["验证码已发送，请查看短信", "Code sent. Check your text messages."]);
    disableFor(button, PAUSE_S);
  } else if (answer?.status === 429 && typeof answer.body.retry_after_ms === "number") {
    tell(problems["too-many"] ?? unknownProblem);
    disableFor(button, answer.body.retry_after_ms / 1000);
  } else {
    tell(answer === null ? offlineWords : (problems[answer.body.code] ?? unknownProblem));
  }
}
