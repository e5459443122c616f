// Refusals that concern one field of the form: the field is marked, described by the message, and focused.

import { findElement } from "../lib/element.js";

/** The field of each problem code. @type {Record<string, string>} */
const FIELDS = {
  "name-invalid": "name",
  "phone-unsupported": "phone",
  "document-invalid": "document-number",
  "document-unsupported": "document-type",
  "already-registered": "document-number",
  "sms-code-needed": "sms-code",
  "sms-code-invalid": "sms-code",
  "face-needed": "face",
  "face-mismatch": "face",
};

/** Removes the marks of an earlier answer. */
export function clearFieldErrors() {
  for (const field of document.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

/** Marks the field of a refusal, if there is one. @param {unknown} code @param {string} message The id of the
 * element with the message. */
export function showFieldError(code, message) {
  const id = typeof code === "string" ? FIELDS[code] : undefined;
  if (id === undefined) {
    return;
  }
  const field = findElement(id);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", message);
  field.focus();
}
