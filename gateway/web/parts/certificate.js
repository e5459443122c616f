// The city's certificate for other cities: requested by a button, shown as a QR code for their terminals
// and as text, with a button to copy it.

import { makeActionButton } from "../form/actions.js";
import { findElement, makeDefinitions, makeElement, makeTime } from "../lib/element.js";
import { readOwn } from "../lib/resident_api.js";
import { joinWords, labels, problemWords, scopes } from "../lib/words.js";
import { drawModules } from "../qr/qr_canvas.js";

/** @param {string} certificate */
function makeTextArea(certificate) {
  const text = makeElement("textarea");
  text.value = certificate;
  text.readOnly = true;
  text.rows = 4;
  text.setAttribute("aria-label", "证明全文 The certificate");
  return text;
}

/** @param {HTMLTextAreaElement} text */
function makeCopyButton(text) {
  return makeActionButton(["复制", "Copy"], async () => {
    try {
      await navigator.clipboard.writeText(text.value);
      return ["已复制", "Copied"];
    } catch {
      // An old phone, or a browser that denies access to the clipboard.
      text.select();
      return ["已选中，请长按复制", "Selected. Press and hold to copy."];
    }
  });
}

/** The code that another city's terminal scans. @param {string[]} rows Each module as `1` or `0`. */
function makeCode(rows) {
  const code = makeElement("canvas");
  code.id = "certificate-code";
  code.setAttribute("role", "img");
  code.setAttribute("aria-label", "健康证明二维码 QR code of the certificate");
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
    [labels.scope, joinWords(scopes[scope] ?? [scope, ""])],
  ]);
  findElement("certificate").replaceChildren(makeCode(qr), about, text, makeCopyButton(text));
}

/** Prepares this part of the page. The server records each certificate, so none is requested early. */
export function prepareCertificate() {
  const button = makeActionButton(["出示健康证明", "Show certificate"], async (retrying) => {
    const answer = await readOwn("/certificates", retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    const [first] = answer.body.certificates;
    if (first === undefined) {
      findElement("certificate").replaceChildren();
      return ["绿码时才能开具", "Available only while your code is green."];
    }
    show(first);
    return ["证明如下", "Your certificate:"];
  });
  findElement("certificate-button").append(button);
}
