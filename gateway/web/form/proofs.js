// The proofs that a city's rule pack asks for: a code by text message, and a picture of the face. The fields
// stand in a form that also has the phone's number. The browser stores neither.

import { findElement, findInput } from "../lib/element.js";
import { problems, status } from "../lib/words.js";
import { copyPicture, shrinkPicture } from "./face_picture.js";
import { requestSmsCode } from "./sms_code.js";

/** @typedef {import("../lib/words.js").Words} Words */

/** The timeout of a try that may upload a picture on a bad signal. */
export const PROOF_TRY_MS = 30_000;

/** The steps that are shown. @type {string[]} */
let steps = [];
/** The picture, in base64. @type {string | null} */
let face = null;

/** @param {string} id */
function findCanvas(id) {
  return /** @type {HTMLCanvasElement} */ (findElement(id));
}

/** Shows a step if it is asked for. @param {string} step @param {string} id */
function showStep(step, id) {
  const isAsked = steps.includes(step);
  findElement(`${step}-step`).hidden = !isAsked;
  findInput(id).required = isAsked;
}

/** Shows the fields of these steps only. @param {string[]} asked */
export function showProofs(asked) {
  steps = asked;
  showStep("sms", "sms-code");
  showStep("face", "face");
}

/** The entered proofs, in the shape of the request. */
export function readProofs() {
  return {
    ...(steps.includes("sms") ? { sms_code: findInput("sms-code").value.trim() } : {}),
    ...(steps.includes("face") && face !== null ? { face } : {}),
  };
}

/** Shows the picture on another canvas, or hides the canvas if no picture was taken. @param {string} id */
export function showPictureOn(id) {
  findCanvas(id).hidden = face === null;
  if (face !== null) {
    copyPicture(findCanvas("face-taken"), findCanvas(id));
  }
}

/** Empties the fields. */
export function clearProofs() {
  findInput("sms-code").value = "";
  findInput("face").value = "";
  face = null;
  findCanvas("face-taken").hidden = true;
}

/** @param {(words: Words) => void} tell */
async function readPicture(tell) {
  const file = findInput("face").files?.[0];
  const shown = findCanvas("face-taken");
  face = null;
  try {
    face = file === undefined ? null : await shrinkPicture(file, shown);
  } catch {
    // An empty field keeps the form incomplete.
    findInput("face").value = "";
    tell(problems["face-needed"] ?? status.unknownProblem);
  }
  shown.hidden = face === null;
}

/** Connects the fields. @param {(words: Words) => void} tell */
export function prepareProofs(tell) {
  findInput("face").addEventListener("change", () => void readPicture(tell));
  const button = /** @type {HTMLButtonElement} */ (findElement("send-code"));
  button.addEventListener("click", () => {
    // The browser itself reports a missing number.
    if (findInput("phone").reportValidity()) {
      void requestSmsCode(button, findInput("phone").value.trim(), tell);
    }
  });
}
