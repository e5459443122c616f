// What residents read and do for themselves: requests with their token, kept up on a bad signal. A token is good for a
// minute, so that each try has one of its own.

import { setServerTime } from "./clock.js";
import { sendWithRetry } from "./http.js";
import { currentStep, makeResidentToken } from "./person_code.js";
import { readRegistration } from "./stored_registration.js";

/** @typedef {import("./http.js").Answer} Answer */
/** @typedef {import("./http.js").RequestOptions} RequestOptions */
/** @typedef {() => void} Retrying */

const OWN_PATH = "/v1/people/me";

async function authorize() {
  const registration = readRegistration();
  // Another page of this browser may have forgotten it; the server then says so in its own way.
  return registration === null ? "Resident" : `Resident ${await makeResidentToken(registration, currentStep())}`;
}

/**
 * @param {string} path
 * @param {unknown} body
 * @param {Retrying} retrying
 * @param {RequestOptions} options
 * @returns {Promise<Answer>}
 */
async function sendAuthorized(path, body, retrying, options) {
  const once = () => sendWithRetry(path, async () => body, retrying, { ...options, authorize });
  const answer = await once();
  if (answer.body.code !== "person-code-expired") {
    return answer;
  }
  // This phone's clock is off: the server has told the time.
  setServerTime(answer.body.server_time);
  return once();
}

/** What another try would not change: a limit of the day is one of these. @param {Answer} answer */
function isFinal(answer) {
  return answer.status !== 503 && answer.status !== 425;
}

/** Reads something, however long it takes. @param {string} path @param {Retrying} retrying */
export function readOwn(path, retrying) {
  return sendAuthorized(`${OWN_PATH}${path}`, undefined, retrying, {});
}

/** Reads something that is everybody's. @param {string} path The whole of it. @param {Retrying} retrying */
export function readPublic(path, retrying) {
  return sendAuthorized(path, undefined, retrying, {});
}

/**
 * Does something that is the same done twice, or whose outcome `recover` can find out.
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Retrying} retrying
 * @param {RequestOptions["recover"]} [recover]
 */
export function changeOwn(method, path, body, retrying, recover) {
  return sendAuthorized(`${OWN_PATH}${path}`, body, retrying, { method, isFinal, recover });
}

/** Whether something the server has is what was sent. @param {any} had @param {Record<string, unknown>} sent */
export function hasValues(had, sent) {
  return Object.entries(sent).every(([name, value]) => had[name] === value);
}
