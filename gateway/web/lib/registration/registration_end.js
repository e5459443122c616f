// The end of the registration that this phone stores: the record was erased, or another phone took over. The
// server then refuses every code and token of this phone.

import { pause } from "../http.js";
import { deleteRegistration } from "./stored_registration.js";

/** @typedef {import("../http.js").Answer} Answer */
/** @typedef {import("../../codes/person_code.js").Registration} Registration */

const ERASED = "person-erased";
const END_CODES = [ERASED, "person-code-invalid"];
/** Gateways follow each other's changes within two seconds. Until then one may refuse a new key. */
const SETTLING_MS = 3_000;

/** Whether a problem code ends the registration. @param {unknown} code @returns {code is string} */
export function isEndCode(code) {
  return typeof code === "string" && END_CODES.includes(code);
}

/** Sends a request, and once more if the answer would end the registration: another gateway may not know a
 * new key yet.
 * @param {() => Promise<Answer>} send */
export async function sendSettled(send) {
  const answer = await send();
  if (!isEndCode(answer.body.code)) {
    return answer;
  }
  await pause(SETTLING_MS);
  return send();
}

/** Deletes the registration, and opens the resident's own page with the reason. A registration that replaced
 * it meanwhile is not touched.
 * @param {Registration} ended @param {string} code */
export function endRegistration(ended, code = ERASED) {
  if (deleteRegistration(ended)) {
    location.replace(`/me?ended=${code}`);
  }
}
