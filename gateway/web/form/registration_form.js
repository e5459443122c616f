// What somebody enters to be registered: a form that asks for what the city's rule pack wants, and the same once
// more to be looked at before it is sent. Nothing of it is kept in the browser.

import { findInput, makeElement, setText } from "../lib/element.js";
import { documents, fieldNames, joinWords, problems, unknownProblem } from "../lib/words.js";
import { copyPicture, shrinkPicture } from "./face_picture.js";
import { requestSmsCode } from "./sms_code.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {{policy: string, title: string, hotline: string, documents: string[], steps: string[]}} RegistrationTerms */

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

/** Shows a step, or not. @param {string} step @param {string} id */
function showStep(step, id) {
  const isAsked = steps.includes(step);
  const section = document.getElementById(`${step}-step`);
  if (section !== null) {
    section.hidden = !isAsked;
  }
  findInput(id).required = isAsked;
}

/** Makes the form ask for what a city wants. @param {RegistrationTerms} terms */
export function showTerms(terms) {
  steps = terms.steps;
  setText("pack", terms.title);
  setText("hotline", `咨询电话 ${terms.hotline} · Questions: ${terms.hotline}`);
  const chosen = readField("document-type");
  const options = terms.documents.map((type) => {
    const words = joinWords(documents[type] ?? [type, ""]);
    return new Option(words, type, false, type === chosen);
  });
  document.getElementById("document-type")?.replaceChildren(...options);
  showStep("sms", "sms-code");
  showStep("face", "face");
}

/** What was entered, as it is sent. */
export function readForm() {
  return {
    name: readField("name"),
    phone: readField("phone"),
    document: { type: readField("document-type"), number: readField("document-number") },
    ...(steps.includes("sms") ? { sms_code: readField("sms-code") } : {}),
    ...(steps.includes("face") && face !== null ? { face } : {}),
  };
}

/** Shows what was entered. */
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

/** Forgets what was entered: the next one at this phone is somebody else. */
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
    // Without a picture the form is not complete.
    findInput("face").value = "";
    tell(problems["face-needed"] ?? unknownProblem);
  }
  shown.hidden = face === null;
}

/** Makes the form's own buttons work. @param {(words: Words) => void} tell */
export function prepareRegistrationForm(tell) {
  findInput("face").addEventListener("change", () => void readFacePicture(tell));
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("send-code"));
  button.addEventListener("click", () => {
    // The browser says itself that the number is missing.
    if (findInput("phone").reportValidity()) {
      void requestSmsCode(button, readField("phone"), tell);
    }
  });
}
