// What somebody enters to be registered: a form that asks for what the city's rule pack wants, and the same once
// more to be looked at before it is sent. Nothing of it is kept in the browser.

import { input, make, say } from "../lib/element.js";
import { both, documents, fields, problems, unknownProblem } from "../lib/words.js";
import { repeat, shrink } from "./face_picture.js";
import { sendCode } from "./sms_code.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {{policy: string, title: string, hotline: string, documents: string[], steps: string[]}} Terms */

/** @type {string[]} */
let steps = [];
/** The picture, in base64. @type {string | null} */
let face = null;

/** @param {string} id */
function canvas(id) {
  return /** @type {HTMLCanvasElement} */ (document.getElementById(id));
}

/** @param {string} id */
function field(id) {
  return input(id).value.trim();
}

/** Shows a step, or not. @param {string} step @param {string} id */
function askStep(step, id) {
  const isAsked = steps.includes(step);
  const section = document.getElementById(`${step}-step`);
  if (section !== null) {
    section.hidden = !isAsked;
  }
  input(id).required = isAsked;
}

/** Makes the form ask for what a city wants. @param {Terms} terms */
export function ask(terms) {
  steps = terms.steps;
  say("pack", terms.title);
  say("hotline", `咨询电话 ${terms.hotline} · Questions: ${terms.hotline}`);
  const chosen = field("document-type");
  const options = terms.documents.map((type) => {
    const words = both(documents[type] ?? [type, ""]);
    return new Option(words, type, false, type === chosen);
  });
  document.getElementById("document-type")?.replaceChildren(...options);
  askStep("sms", "sms-code");
  askStep("face", "face");
}

/** What was entered, as it is sent. */
export function entered() {
  return {
    name: field("name"),
    phone: field("phone"),
    document: { type: field("document-type"), number: field("document-number") },
    ...(steps.includes("sms") ? { sms_code: field("sms-code") } : {}),
    ...(steps.includes("face") && face !== null ? { face } : {}),
  };
}

/** Shows what was entered. */
export function review() {
  const type = field("document-type");
  const lines = [
    ["name", field("name")],
    ["phone", field("phone")],
    ["document", both(documents[type] ?? [type, ""])],
    ["number", field("document-number")],
  ];
  const shown = lines.flatMap(([name = "", text = ""]) => {
    return [make("dt", both(fields[name] ?? [name, ""])), make("dd", text)];
  });
  document.getElementById("entered")?.replaceChildren(...shown);
  canvas("face-entered").hidden = face === null;
  if (face !== null) {
    repeat(canvas("face-taken"), canvas("face-entered"));
  }
}

/** Forgets what was entered: the next one at this phone is somebody else. */
export function clear() {
  /** @type {HTMLFormElement} */ (document.getElementById("registration-form")).reset();
  document.getElementById("entered")?.replaceChildren();
  face = null;
  canvas("face-taken").hidden = true;
}

/** @param {(words: Words) => void} tell */
async function takeFace(tell) {
  const file = input("face").files?.[0];
  const shown = canvas("face-taken");
  face = null;
  try {
    face = file === undefined ? null : await shrink(file, shown);
  } catch {
    // Without a picture the form is not complete.
    input("face").value = "";
    tell(problems["face-needed"] ?? unknownProblem);
  }
  shown.hidden = face === null;
}

/** Makes the form's own buttons work. @param {(words: Words) => void} tell */
export function prepare(tell) {
  input("face").addEventListener("change", () => void takeFace(tell));
  const button = /** @type {HTMLButtonElement} */ (document.getElementById("send-code"));
  button.addEventListener("click", () => {
    // The browser says itself that the number is missing.
    if (input("phone").reportValidity()) {
      void sendCode(button, field("phone"), tell);
    }
  });
}
