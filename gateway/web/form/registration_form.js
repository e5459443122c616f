// The registration form. It shows the fields that the city's rule pack requires, and then a review before
// anything is sent. The browser stores none of it.

import { findInput, makeElement, makeWords, setText, showWords } from "../lib/element.js";
import { documents, fieldNames, fill, joinWords, status } from "../lib/words.js";
import {
  clearHealthAnswers,
  describeHealthAnswers,
  readHealthAnswers,
  showHealthQuestions,
} from "./health_questions.js";
import { clearProofs, readProofs, showPictureOn, showProofs } from "./proofs.js";

/**
 * The fields that a city requires, from its rule pack.
 * @typedef {object} RegistrationTerms
 * @property {string} policy
 * @property {string} title
 * @property {string} hotline
 * @property {string[]} documents
 * @property {string[]} steps
 * @property {string[]} asks
 */

/** @param {string} id */
function readField(id) {
  return findInput(id).value.trim();
}

/** Shows the fields that a city requires. @param {RegistrationTerms} terms */
export function showTerms(terms) {
  setText("pack", terms.title);
  showWords("hotline", fill(status.hotline, { number: terms.hotline }));
  const chosen = readField("document-type");
  const options = terms.documents.map((type) => {
    return new Option(joinWords(documents[type] ?? [type, ""]), type, false, type === chosen);
  });
  document.getElementById("document-type")?.replaceChildren(...options);
  showProofs(terms.steps);
  showHealthQuestions(terms.asks);
}

/** The entered values, in the shape of the request. */
export function readForm() {
  return {
    name: readField("name"),
    phone: readField("phone"),
    document: { type: readField("document-type"), number: readField("document-number") },
    ...readProofs(),
    ...readHealthAnswers(),
  };
}

/** Shows the entered values for review. */
export function showReview() {
  const type = readField("document-type");
  /** @type {[string, string | Node][]} */
  const lines = [
    ["name", readField("name")],
    ["phone", readField("phone")],
    ["document", makeWords(documents[type] ?? [type, ""])],
    ["number", readField("document-number")],
  ];
  const details = lines.map(([name, text]) => /** @type {const} */ ([fieldNames[name] ?? [name, ""], text]));
  const shown = [...details, ...describeHealthAnswers()].flatMap(([words, text]) => {
    return [makeElement("dt", makeWords([...words])), makeElement("dd", text)];
  });
  document.getElementById("entered")?.replaceChildren(...shown);
  showPictureOn("face-entered");
}

/** Clears the form, which another person may use next. */
export function clearForm() {
  /** @type {HTMLFormElement} */ (document.getElementById("registration-form")).reset();
  document.getElementById("entered")?.replaceChildren();
  clearProofs();
  clearHealthAnswers();
}
