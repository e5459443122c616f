// The resident's own requests, with a resident token and with retries. A token is valid for a minute, so each
// try makes a new one.

import { setServerTime } from "./clock.js";
import { makeIdempotencyKey, sendWithRetry } from "./http.js";
import { currentStep, makeResidentToken } from "../codes/person_code.js";
import { endRegistration, isEndCode, sendSettled } from "./registration/registration_end.js";
import { readRegistration } from "./registration/stored_registration.js";
import { status } from "./words.js";

/** @typedef {import("./http.js").Answer} Answer */
/** @typedef {import("./http.js").RequestOptions} RequestOptions */
/** @typedef {() => void} Retrying */

const OWN_PATH = "/v1/people/me";

/** The header of a request by the holder of this key.
 * @param {import("../codes/person_code.js").Registration} registration */
export async function authorizationOf(registration) {
  return `Resident ${await makeResidentToken(registration, currentStep())}`;
}

/**
 * Sends a request with the stored registration. A refusal that ends the registration also ends the page.
 * @param {string} path
 * @param {unknown} body
 * @param {Retrying} retrying
 * @param {RequestOptions} options
 * @returns {Promise<Answer>}
 */
async function sendAuthorized(path, body, retrying, options) {
  let used = readRegistration();
  const authorize = async () => {
    used = readRegistration();
    // Another page of this browser may have deleted the registration. The server then refuses the request.
    return used === null ? "Resident" : authorizationOf(used);
  };
  const once = () => sendWithRetry(path, async () => body, retrying, { ...options, authorize });
  const answer = await sendSettled(async () => {
    const first = await once();
    if (first.body.code !== "person-code-expired") {
      return first;
    }
    // This phone's clock is off, and the refusal contains the server's time.
    setServerTime(first.body.server_time);
    return once();
  });
  if (used !== null && isEndCode(answer.body.code)) {
    endRegistration(used, answer.body.code);
  }
  return answer;
}

/** Whether another try would not change the answer, or would use up one of the few proofs of a phone. A daily
 * limit (429) is final here.
 * @param {Answer} answer */
function isFinal({ status, body }) {
  return (status !== 503 && status !== 425) || body.code === "registration-unavailable";
}

/** Reads one of the resident's own resources, and retries until it succeeds.
 * @param {string} path @param {Retrying} retrying */
export function readOwn(path, retrying) {
  return sendAuthorized(`${OWN_PATH}${path}`, undefined, retrying, {});
}

/** Reads a public resource. @param {string} path The full path. @param {Retrying} retrying */
export function readPublic(path, retrying) {
  return sendAuthorized(path, undefined, retrying, {});
}

/**
 * Changes one of the resident's own resources. A POST acts once, whatever its tries. Another change must be
 * idempotent, or `recover` must find its outcome.
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Retrying} retrying
 * @param {Pick<RequestOptions, "recover" | "tryMs">} [options]
 */
export function changeOwn(method, path, body, retrying, options = {}) {
  const key = method === "POST" ? makeIdempotencyKey() : undefined;
  return sendAuthorized(`${OWN_PATH}${path}`, body, retrying, { ...options, method, isFinal, key });
}

/** Whether a stored object has all values that were sent.
 * @param {any} had @param {Record<string, unknown>} sent */
export function hasValues(had, sent) {
  return Object.entries(sent).every(([name, value]) => had[name] === value);
}
