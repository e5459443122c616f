// What residents read and do for themselves: requests with their token, kept up on a bad signal. A token is good for a
// minute, so that each try has one of its own.

import { learn } from "./clock.js";
import { send } from "./http.js";
import { residentToken, step } from "./person_code.js";
import { kept } from "./stored_registration.js";

/** @typedef {import("./http.js").Answer} Answer */
/** @typedef {import("./http.js").Manner} Manner */
/** @typedef {() => void} Retrying */

const OWN = "/v1/people/me";

async function authorize() {
  const registration = kept();
  // Another page of this browser may have forgotten it; the server then says so in its own way.
  return registration === null ? "Resident" : `Resident ${await residentToken(registration, step())}`;
}

/**
 * @param {string} path
 * @param {unknown} body
 * @param {Retrying} retrying
 * @param {Manner} manner
 * @returns {Promise<Answer>}
 */
async function ask(path, body, retrying, manner) {
  const once = () => send(path, async () => body, retrying, { ...manner, authorize });
  const answer = await once();
  if (answer.body.code !== "person-code-expired") {
    return answer;
  }
  // This phone's clock is off: the server has told the time.
  learn(answer.body.server_time);
  return once();
}

/** What another try would not change: a limit of the day is one of these. @param {Answer} answer */
function isDecided(answer) {
  return answer.status !== 503 && answer.status !== 425;
}

/** Reads something, however long it takes. @param {string} path @param {Retrying} retrying */
export function read(path, retrying) {
  return ask(`${OWN}${path}`, undefined, retrying, {});
}

/** Reads something that is everybody's. @param {string} path The whole of it. @param {Retrying} retrying */
export function readPublic(path, retrying) {
  return ask(path, undefined, retrying, {});
}

/**
 * Does something that is the same done twice, or whose outcome `recover` can find out.
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {Retrying} retrying
 * @param {Manner["recover"]} [recover]
 */
export function act(method, path, body, retrying, recover) {
  return ask(`${OWN}${path}`, body, retrying, { method, isFinal: isDecided, recover });
}

/** Whether something the server has is what was sent. @param {any} had @param {Record<string, unknown>} sent */
export function isSame(had, sent) {
  return Object.entries(sent).every(([name, value]) => had[name] === value);
}
