// The registration form. It shows the fields that the city's rule pack requires, and then a review before
// anything is sent. The browser stores none of it.

import { findInput, makeElement, setText } from "../lib/element.js";
import { documents, fieldNames, joinWords, problems, unknownProblem } from "../lib/words.js";
import { copyPicture, shrinkPicture } from "./face_picture.js";
import { requestSmsCode } from "./sms_code.js";

/** @typedef {import("../lib/words.js").Words} Words */
/**
 * The fields that a city requires, from its rule pack.
 * @typedef {{policy: string, title: string, hotline: string, documents: string[], steps: string[]}}
 *   RegistrationTerms
 */

/** @type {string[]} */
let steps = [];
/** The picture, in base64. @type {string | null} */
let face = null;

/** @param {string} id */
function findCanvas(id) {
  return /** @type {HTMLCanvasElement} */ (document.getElementById(id));
}

/** @param {string} id */
function readField(id) {
  return findInput(id).value.trim();
}

/** Shows a step if the city requires it. @param {string} step @param {string} id */
function showStep(step, id) {
  const isAsked = steps.includes(step);
  const section = document.getElementById(`${step}-step`);
  if (section !== null) {
    section.hidden = !isAsked;
  }
  findInput(id).required = isAsked;
}

/** Shows the fields that a city requires. @param {RegistrationTerms} terms */
export function showTerms(terms) {
  steps = terms.steps;
  setText("pack", terms.title);
  setText("hotline", `咨询电话 ${terms.hotline} · Hotline: ${terms.hotline}`);
  const chosen = readField("document-type");
  const options = terms.documents.map((type) => {
    const words = joinWords(documents[type] ?? [type, ""]);
    return new Option(words, type, false, type === chosen);
  });
  document.getElementById("document-type")?.replaceChildren(...options);
  showStep("sms", "sms-code");
  showStep("face", "face");
}

/** The entered values, in the shape of the request. */
export function readForm() {
  return {
    name: readField("name"),
    phone: readField("phone"),
    document: { type: readField("document-type"), number: readField("document-number") },
    ...(steps.includes("sms") ? { sms_code: readField("sms-code") } : {}),
    ...(steps.includes("face") && face !== null ? { face } : {}),
  };
}

/** Shows the entered values for review. */
export function showReview() {
  const type = readField("document-type");
  const lines = [
    ["name", readField("name")],
    ["phone", readField("phone")],
    ["document", joinWords(documents[type] ?? [type, ""])],
    ["number", readField("document-number")],
  ];
  const shown = lines.flatMap(([name = "", text = ""]) => {
    return [makeElement("dt", joinWords(fieldNames[name] ?? [name, ""])), makeElement("dd", text)];
  });
  document.getElementById("entered")?.replaceChildren(...shown);
  findCanvas("face-entered").hidden = face === null;
  if (face !== null) {
    copyPicture(findCanvas("face-taken"), findCanvas("face-entered"));
  }
}

/** Clears the form, which another person may use next. */
export function clearForm() {
  /** @type {HTMLFormElement} */ (document.getElementById("registration-form")).reset();
  document.getElementById("entered")?.replaceChildren();
  face = null;
  findCanvas("face-taken").hidden = true;
}

/** @param {(words: Words) => void} tell */
async function readFacePicture(tell) {
  const file = findInput("face").files?.[0];
  const shown = findCanvas("face-taken");
  face = null;
  try {
    face = file === undefined ? null : await shrinkPicture(file, shown);
  } catch {
    // An empty field keeps the form incomplete.
    findInput("face").value = "";
    tell(problems["face-needed"] ?? unknownProblem);
  }
  shown.hidden = face === null;
}

/** Connects the form's own buttons. @param {(words: Words) => void} tell */
export function prepareRegistrationForm(tell) {
  findInput("face").addEventListener("change", () => void readFacePicture(tell));
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("send-code"));
  button.addEventListener("click", () => {
    // The browser itself reports a missing number.
    if (findInput("phone").reportValidity()) {
      void requestSmsCode(button, readField("phone"), tell);
    }
  });
}
