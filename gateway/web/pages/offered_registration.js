// A registration that a printed sheet offers to this phone. It stands in the address behind `#`, which a
// browser sends to no server. The page removes it from the address immediately, so no history stores it.

import { deleteRegistration, readRegistration, saveRegistration } from "../lib/registration/stored_registration.js";

/** @typedef {import("../codes/person_code.js").Registration} Registration */

/** Person, kid and key, as a sheet's code has them. */
const OFFER = /^#(p[0-9a-z]{13})\.([0-9]{1,3})\.([\w-]{43})$/;

/** Takes the offered registration out of the address. Null where the address offers none.
 * @returns {Registration | null} */
export function takeOffer() {
  const found = OFFER.exec(location.hash);
  if (location.hash !== "") {
    history.replaceState(null, "", location.pathname + location.search);
  }
  return found === null ? null : { person: found[1], kid: Number(found[2]), key: found[3] };
}

/** Stores an offered registration in place of an earlier one and its family. @param {Registration} offered */
export function acceptOffer(offered) {
  const earlier = readRegistration();
  if (earlier !== null) {
    deleteRegistration(earlier);
  }
  saveRegistration(offered);
}
