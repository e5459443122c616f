// The erasure of the resident's record: a form that asks for it, and the request while it waits. The server
// carries out a waiting request by itself. The overview shows the request, where it can be taken back.

import { formatDayAndTime } from "../lib/city_time.js";
import { handleSubmit, makeActionButton } from "../form/actions.js";
import { findElement, makeDefinitions, makeElement, makeTime, makeWords, showOutcome } from "../lib/element.js";
import { endRegistration } from "../lib/registration/registration_end.js";
import { changeOwn } from "../lib/resident_api.js";
import { readRegistration } from "../lib/registration/stored_registration.js";
import { erasureReasons, fill, labels, problemWords, resident } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** The reasons why a record is not erased yet, and the time when they end, if time alone ends them.
 * @typedef {{asked?: string, because: string[], erases_after?: string}} ErasureRequest */

function makeTakeBackButton() {
  return makeActionButton(resident.keepRecord, async (retrying) => {
    const answer = await changeOwn("DELETE", "/erasure", undefined, retrying);
    // Not found: an earlier try, whose answer was lost, may have taken it back.
    if (answer.status !== 204 && answer.status !== 404) {
      return problemWords(answer);
    }
    showErasure(null);
    showOutcome(findElement("erasure-done"), resident.takenBack);
    return resident.takenBack;
  });
}

/** @param {ErasureRequest} request */
function formatRequest({ asked, because, erases_after }) {
  /** @type {[Words, string | Node][]} */
  const lines = because.map((reason) => [labels.waitsFor, makeWords(erasureReasons[reason] ?? [reason, ""])]);
  const end = makeWords(resident.erasesAfterReasons);
  lines.push([labels.erases, erases_after === undefined ? end : makeTime(erases_after)]);
  if (asked !== undefined) {
    lines.push([labels.sent, makeTime(asked)]);
  }
  return [
    makeElement("strong", makeWords(resident.erasureWaiting)),
    makeDefinitions(lines),
    makeTakeBackButton(),
  ];
}

/** Shows the request that waits, or nothing. @param {ErasureRequest | null} request */
export function showErasure(request) {
  const place = findElement("erasure-request");
  if (request === null) {
    place.replaceChildren();
  } else {
    place.replaceChildren(...formatRequest(request));
    findElement("erasure-done").replaceChildren();
  }
}

/** Why the record is not erased yet, and until when. @param {ErasureRequest} request @returns {Words} */
function describeWait({ because, erases_after }) {
  const reasons = because.map((reason) => erasureReasons[reason] ?? [reason, reason]);
  const words = erases_after === undefined ? resident.erasureWaitsFor : resident.erasureWaitsUntil;
  const at = erases_after === undefined ? "" : formatDayAndTime(erases_after);
  const [chinese] = fill(words, { at, reasons: reasons.map(([chinese]) => chinese).join("；") });
  const [, english] = fill(words, { at, reasons: reasons.map(([, english]) => english).join("; ") });
  return [chinese, english];
}

/** @param {() => void} retrying @returns {Promise<Words>} */
async function erase(retrying) {
  const own = readRegistration();
  const answer = await changeOwn("DELETE", "", undefined, retrying);
  if (answer.status === 202) {
    showErasure(answer.body);
    return describeWait(answer.body);
  }
  if (answer.status !== 204) {
    return problemWords(answer);
  }
  if (own !== null) {
    endRegistration(own);
  }
  return resident.erased;
}

/** Prepares the form. */
export function prepareErasure() {
  handleSubmit("erasure-form", erase);
}
