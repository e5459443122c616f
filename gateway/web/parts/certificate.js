// The city's certificate for other cities: made when it is asked for, shown as text, and copied at a touch.

import { action } from "../form/actions.js";
import { element, make, terms, when } from "../lib/element.js";
import { read } from "../lib/resident_api.js";
import { both, labels, problemOf, scopes } from "../lib/words.js";

/** @param {string} certificate */
function shownText(certificate) {
  const text = make("textarea");
  text.value = certificate;
  text.readOnly = true;
  text.rows = 4;
  text.setAttribute("aria-label", "证明全文 The certificate");
  return text;
}

/** @param {HTMLTextAreaElement} text */
function copying(text) {
  return action(["复制", "Copy"], async () => {
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
  const text = shownText(certificate);
  const about = terms([
    [labels.issuer, issuer],
    [labels.at, when(at)],
    [labels.until, when(until)],
    [labels.scope, both(scopes[scope] ?? [scope, ""])],
  ]);
  element("certificate").replaceChildren(about, text, copying(text));
}

/** Makes the part work: each certificate is made for it and goes on record, so none is before it is wanted. */
export function prepareCertificate() {
  const button = action(["出示健康证明", "Show a certificate"], async (retrying) => {
    const answer = await read("/certificates", retrying);
    if (answer.status !== 200) {
      return problemOf(answer);
    }
    const [first] = answer.body.certificates;
    if (first === undefined) {
      element("certificate").replaceChildren();
      return ["绿码时才能开具", "There is one while the code is green"];
    }
    show(first);
    return ["证明如下", "Here it is"];
  });
  element("certificate-button").append(button);
}
