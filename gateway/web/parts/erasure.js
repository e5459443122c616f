// The erasure of the resident's record: a form that asks for it, and the request while it waits. The server
// carries out a waiting request by itself. The overview shows the request, where it can be taken back.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { findElement, makeDefinitions, makeElement, makeTime, showOutcome } from "../lib/element.js";
import { endRegistration } from "../lib/registration_end.js";
import { changeOwn } from "../lib/resident_api.js";
import { readRegistration } from "../lib/stored_registration.js";
import { erasureReasons, joinWords, labels, problemWords } from "../lib/words.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** The reasons why a record is not erased yet, and the time when they end, if time alone ends them.
 * @typedef {{asked?: string, because: string[], erases_after?: string}} ErasureRequest */

function makeTakeBackButton() {
  return makeActionButton(["撤回申请，保留登记", "Take the request back and keep my record"], async (retrying) => {
    const answer = await changeOwn("DELETE", "/erasure", undefined, retrying);
    // Not found: an earlier try, whose answer was lost, may have taken it back.
    if (answer.status !== 204 && answer.status !== 404) {
      return problemWords(answer);
    }
    showErasure(null);
    showOutcome(findElement("erasure-done"), ["申请已撤回", "The request is taken back."]);
    return ["申请已撤回", "The request is taken back."];
  });
}

/** @param {ErasureRequest} request */
function formatRequest({ asked, because, erases_after }) {
  /** @type {[Words, string | Node][]} */
  const lines = because.map((reason) => [labels.waitsFor, joinWords(erasureReasons[reason] ?? [reason, ""])]);
  const end = joinWords(["以上原因全部消除以后", "when the last of these reasons ends"]);
  lines.push([labels.erases, erases_after === undefined ? end : makeTime(erases_after)]);
  if (asked !== undefined) {
    lines.push([labels.sent, makeTime(asked)]);
  }
  return [
    makeElement("strong", "… 已申请删除登记，等待中 Your request to erase this record is waiting"),
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
  const [chinese, english] = [0, 1].map((at) => reasons.map((words) => words[at]).join(at === 0 ? "；" : "; "));
  const at = erases_after === undefined ? null : new Date(erases_after).toLocaleString("zh-CN");
  const end = at === null ? ["原因消除后", "when this ends"] : [`${at}以后`, `after ${at}`];
  return [
    `已申请，但现在不能删除：${chinese}。${end[0]}自动删除；可在总览中撤回`,
    `Requested. It waits because ${english}. The record is erased automatically ${end[1]}. You can take the request back in the overview.`,
  ];
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
  return ["已删除", "Erased"];
}

/** Prepares the form. */
export function prepareErasure() {
  handleSubmit("erasure-form", erase);
}
