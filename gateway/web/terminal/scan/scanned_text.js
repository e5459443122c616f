// Decides by its shape what a scanned text is. It verifies no seal: only the gateway has the keys.

import { fromBase64Url } from "../../codes/base64url.js";

/** A text that checks a person in.
 * @typedef {{kind: "person" | "pass" | "certificate", text: string}} Credential */
/** Any other text. @typedef {{kind: "venue" | "sheet" | "sign-in" | "unknown"}} OtherText */

/** Codes by their first byte: what they are, and their length in bytes.
 * @type {Record<number, {kind: "person" | "pass" | "venue", length: number}>} */
const CODES = {
  0x01: { kind: "person", length: 30 },
  0x03: { kind: "pass", length: 30 },
  0x11: { kind: "venue", length: 28 },
  0x12: { kind: "venue", length: 32 },
};
const CODE = /^[\w-]{1,64}$/;
const CERTIFICATE = /^([\w-]+)\.[\w-]+$/;
/** The longest certificate. **Units**: characters. */
const CERTIFICATE_CHARS_MAX = 2048;
/** An address: its path without the first slash, and its fragment. */
const ADDRESS = /^https?:\/\/[^/?#]+\/([^#]*)(#.*)?$/i;
/** The fragment of a printed sheet's address: person, kid and key. */
const SHEET = /^#p[0-9a-z]{13}\.[0-9]{1,3}\.[\w-]{43}$/;

/** The bytes of a code, or null if the text has another alphabet or length. @param {string} text */
function readBytes(text) {
  try {
    return CODE.test(text) ? fromBase64Url(text) : null;
  } catch {
    return null;
  }
}

/** Whether a text is a city's certificate: signed JSON that names its issuer and its subject. A token of the
 * staff is signed JSON as well. @param {string} text */
function isCertificate(text) {
  const signed = text.length <= CERTIFICATE_CHARS_MAX ? CERTIFICATE.exec(text)?.[1] : undefined;
  try {
    const content = JSON.parse(new TextDecoder().decode(fromBase64Url(signed ?? "")));
    return typeof content.issuer === "string" && typeof content.subject === "string";
  } catch {
    return false;
  }
}

/** What an address leads to: its path and its fragment. @param {string} path @param {string} fragment
 * @returns {OtherText} */
function readAddress(path, fragment) {
  if (SHEET.test(fragment)) {
    return { kind: "sheet" };
  }
  const isSignIn = path.startsWith("staff/") && fragment !== "";
  return { kind: isSignIn ? "sign-in" : path.startsWith("v/") ? "venue" : "unknown" };
}

/** Reads a scanned, typed or pasted text. Blanks and line feeds in it do not count.
 * @param {string} scanned @returns {Credential | OtherText} */
export function readScanned(scanned) {
  const text = scanned.replace(/[\s\u200b\ufeff]/g, "");
  const [address, path = "", fragment = ""] = ADDRESS.exec(text) ?? [];
  if (address !== undefined) {
    return readAddress(path, fragment);
  }
  const bytes = readBytes(text);
  const code = CODES[bytes?.[0] ?? 0];
  if (code !== undefined && code.length === bytes?.length) {
    return code.kind === "venue" ? { kind: "venue" } : { kind: code.kind, text };
  }
  return isCertificate(text) ? { kind: "certificate", text } : { kind: "unknown" };
}
