// Family members whose codes this phone makes. Each is checked in at the venue together with the holder.

import { makeActionButton } from "../form/actions.js";
import { makeColourMark } from "../lib/colour.js";
import { findElement, makeElement } from "../lib/element.js";
import { readFamily } from "../lib/registration/stored_registration.js";
import { checkInPage, fill, problems, status } from "../lib/words.js";
import { sendCheckIn } from "./request.js";

/** @typedef {import("../lib/registration/stored_registration.js").Dependant} Dependant */

/** @param {import("./request.js").CheckInPlan} plan @param {Dependant} dependant */
function makeCompanion(plan, dependant) {
  const place = makeElement("span");
  const button = makeActionButton(fill(checkInPage.together, { name: dependant.name }), async (retrying) => {
    const answer = await sendCheckIn({ ...plan, companions: [dependant] }, retrying);
    const taken = answer.status === 200 ? answer.body.companions?.[0] : undefined;
    if (taken?.colour === undefined) {
      const { code } = taken ?? answer.body;
      return problems[code] ?? status.unknownProblem;
    }
    place.replaceChildren(makeColourMark(taken.colour));
    return fill(checkInPage.cameTogether, { name: dependant.name });
  });
  return makeElement("li", button, place);
}

/** Shows a button for each family member of this phone. @param {import("./request.js").CheckInPlan} plan */
export function showCompanions(plan) {
  const family = readFamily();
  findElement("together").hidden = family.length === 0;
  findElement("together-list").replaceChildren(...family.map((dependant) => makeCompanion(plan, dependant)));
}
