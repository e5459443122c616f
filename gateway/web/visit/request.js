// The request of a check-in, with a current code. The same step of the code is the same check-in.

import { setServerTime } from "../lib/clock.js";
import { sendWithRetry } from "../lib/http.js";
import { currentStep, makePersonCode } from "../codes/person_code.js";
import { sendSettled } from "../lib/registration/registration_end.js";

/** @typedef {import("../codes/person_code.js").Registration} Registration */
/** @typedef {import("../lib/http.js").Retrying} Retrying */
/**
 * A check-in of this phone's holder.
 * @typedef {object} CheckInPlan
 * @property {Registration} registration
 * @property {string} venue The venue's code.
 * @property {"in" | "out"} [direction]
 * @property {Registration[]} [companions] Family members whose codes this phone makes.
 */

/** @param {CheckInPlan} plan @param {number} atStep */
async function makeBody({ registration, venue, direction, companions = [] }, atStep) {
  const codes = await Promise.all(companions.map((companion) => makePersonCode(companion, atStep)));
  return {
    venue,
    person: await makePersonCode(registration, atStep),
    ...(direction === undefined ? {} : { direction }),
    ...(codes.length === 0 ? {} : { companions: codes }),
  };
}

/** Sends until an answer is final. @param {CheckInPlan} plan @param {Retrying} retrying */
async function send(plan, retrying) {
  let sealedAt = currentStep();
  let body = await makeBody(plan, sealedAt);
  const current = async () => {
    // A new code is made only when the server may refuse the old one.
    if (currentStep() > sealedAt + 1) {
      sealedAt = currentStep();
      body = await makeBody(plan, sealedAt);
    }
    return body;
  };
  const answer = await sendWithRetry("/v1/check-ins", current, retrying);
  if (answer.body.code !== "person-code-expired") {
    return answer;
  }
  // This phone's clock is off, and the refusal contains the server's time.
  setServerTime(answer.body.server_time);
  sealedAt = currentStep();
  body = await makeBody(plan, sealedAt);
  return sendWithRetry("/v1/check-ins", current, retrying);
}

/** Checks in or out. @param {CheckInPlan} plan @param {Retrying} retrying */
export function sendCheckIn(plan, retrying) {
  return sendSettled(() => send(plan, retrying));
}
