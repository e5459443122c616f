// What all codes have in common: bytes behind a version and a kid, and a MAC over them. Codes are made here,
// without a connection, and never verified.

import { fromBase64Url, toBase64Url } from "./base64url.js";

/** @typedef {{version: number, domain: Uint8Array}} CodeKind So that no kind passes as another. */
/** @typedef {{kid: number, key: string}} CodeKey A key in base64url, and its number. */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_BYTES = 8;
const STEP_BYTES = 4;
const MAC_BYTES = 16;

/** The number of an id: a letter and 13 digits of Crockford's base32. @param {string} id */
function parseId(id) {
  let number = 0n;
  for (const digit of id.slice(1)) {
    number = number * 32n + BigInt(ALPHABET.indexOf(digit));
  }
  return number;
}

/** The bytes of an id. @param {string} id */
export function idBytes(id) {
  const bytes = new Uint8Array(ID_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, parseId(id));
  return bytes;
}

/** The bytes of a step. @param {number} step */
export function stepBytes(step) {
  const bytes = new Uint8Array(STEP_BYTES);
  new DataView(bytes.buffer).setUint32(0, step);
  return bytes;
}

/**
 * Seals a code: version, kid, fields, and 16 bytes of HMAC-SHA256 over a domain and these.
 * @param {CodeKind} kind
 * @param {CodeKey} sealing
 * @param {...Uint8Array} fields
 */
export async function sealCode(kind, { kid, key }, ...fields) {
  const sealed = [kind.version, kid, ...fields.flatMap((field) => [...field])];
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const hmacKey = await crypto.subtle.importKey("raw", fromBase64Url(key), algorithm, false, ["sign"]);
  const named = new Uint8Array([...kind.domain, ...sealed]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", hmacKey, named)).slice(0, MAC_BYTES);
  return toBase64Url(new Uint8Array([...sealed, ...mac]));
}
