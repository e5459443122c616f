// The city's certificate for other cities: made when it is asked for, shown as text, and copied at a touch.

import { makeActionButton } from "../form/actions.js";
import { findElement, makeDefinitions, makeElement, makeTime } from "../lib/element.js";
import { readOwn } from "../lib/resident_api.js";
import { joinWords, labels, problemWords, scopes } from "../lib/words.js";

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
      // An old phone, or one that does not let a page do it.
      text.select();
      return ["已选中，请长按复制", "Marked: press long to copy"];
    }
  });
}

/** @param {any} certificate */
function show({ certificate, issuer, at, until, scope }) {
  const text = makeTextArea(certificate);
  const about = makeDefinitions([
    [labels.issuer, issuer],
    [labels.at, makeTime(at)],
    [labels.until, makeTime(until)],
    [labels.scope, joinWords(scopes[scope] ?? [scope, ""])],
  ]);
  findElement("certificate").replaceChildren(about, text, makeCopyButton(text));
}

/** Makes the part work: each certificate is made for it and goes on record, so none is before it is wanted. */
export function prepareCertificate() {
  const button = makeActionButton(["出示健康证明", "Show a certificate"], async (retrying) => {
    const answer = await readOwn("/certificates", retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    const [first] = answer.body.certificates;
    if (first === undefined) {
      findElement("certificate").replaceChildren();
      return ["绿码时才能开具", "There is one while the code is green"];
    }
    show(first);
    return ["证明如下", "Here it is"];
  });
  findElement("certificate-button").append(button);
}
