// The city's certificate for other cities: requested by a button, shown as a QR code for their terminals
// and as text, with a button to copy it.

import { makeActionButton } from "../form/actions.js";
import { findElement, makeDefinitions, makeElement, makeTime, makeWords } from "../lib/element.js";
import { readOwn } from "../lib/resident_api.js";
import { joinWords, labels, problemWords, resident, scopes } from "../lib/words.js";
import { drawModules } from "../qr/qr_canvas.js";

/** @param {string} certificate */
function makeTextArea(certificate) {
  const text = makeElement("textarea");
  text.value = certificate;
  text.readOnly = true;
  text.rows = 4;
  text.setAttribute("aria-label", joinWords(resident.certificateText));
  return text;
}

/** @param {HTMLTextAreaElement} text */
function makeCopyButton(text) {
  return makeActionButton(resident.copy, async () => {
    try {
      await navigator.clipboard.writeText(text.value);
      return resident.copied;
    } catch {
      // An old phone, or a browser that denies access to the clipboard.
      text.select();
      return resident.selected;
    }
  });
}

/** The code that another city's terminal scans. @param {string[]} rows Each module as `1` or `0`. */
function makeCode(rows) {
  const code = makeElement("canvas");
  code.id = "certificate-code";
  code.setAttribute("role", "img");
  code.setAttribute("aria-label", joinWords(resident.certificateQr));
  drawModules(code, rows.map((row) => [...row].map((module) => module === "1")));
  return code;
}

/** @param {any} certificate */
function show({ certificate, qr, issuer, at, until, scope }) {
  const text = makeTextArea(certificate);
  const about = makeDefinitions([
    [labels.issuer, issuer],
    [labels.at, makeTime(at)],
    [labels.until, makeTime(until)],
    [labels.scope, makeWords(scopes[scope] ?? [scope, ""])],
  ]);
  findElement("certificate").replaceChildren(makeCode(qr), about, text, makeCopyButton(text));
}

/** Prepares this part of the page. The server records each certificate, so none is requested early. */
export function prepareCertificate() {
  const button = makeActionButton(resident.showCertificate, async (retrying) => {
    const answer = await readOwn("/certificates", retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    const [first] = answer.body.certificates;
    if (first === undefined) {
      findElement("certificate").replaceChildren();
      return resident.certificateNeedsGreen;
    }
    show(first);
    return resident.certificateBelow;
  });
  findElement("certificate-button").append(button);
}
