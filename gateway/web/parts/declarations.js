// Declarations: saved as a draft, reviewed, and confirmed; and the form for what the city asks about health.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { prepareLoadedPart } from "./collapsible.js";
import { findInput, makeDefinitions, makeElement, makeTime, makeWords, showList } from "../lib/element.js";
import { changeOwn, readOwn } from "../lib/resident_api.js";
import { labels, problemWords, resident } from "../lib/words.js";
import { prepareHealthStatement } from "./health_statement.js";

/** @typedef {import("./collapsible.js").Reload} Reload */

/** The button that confirms a draft. @param {string} declaration @param {Reload} load */
function makeConfirmButton(declaration, load) {
  return makeActionButton(resident.confirmDeclaration, async (retrying) => {
    const answer = await changeOwn("POST", `/declarations/${declaration}/confirm`, undefined, retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    await load(resident.confirmed);
    return resident.confirmed;
  });
}

/** @param {any} declaration @param {Reload} load */
function formatDeclaration({ declaration, text, drafted, confirmed }, load) {
  const words = makeElement("p", text);
  words.className = "letter";
  if (confirmed === null) {
    return [makeElement("strong", makeWords(resident.draft)), words, makeConfirmButton(declaration, load)];
  }
  const times = makeDefinitions([
    [labels.sent, makeTime(drafted)],
    [labels.confirmed, makeTime(confirmed)],
  ]);
  return [makeElement("strong", makeWords(resident.declarationConfirmed)), words, times];
}

/** Prepares this part of the page. */
export function prepareDeclarations() {
  const load = prepareLoadedPart(
    "declarations",
    (retrying) => readOwn("/declarations", retrying),
    ({ declarations }) => {
      // The server sorts by time, and a resident looks for the latest.
      showList("declarations-list", declarations.reverse().map((/** @type {any} */ one) => formatDeclaration(one, load)));
    },
  );
  prepareHealthStatement(load);
  handleSubmit("declaration-form", async (retrying) => {
    const text = findInput("declaration-text").value.trim();
    const answer = await changeOwn("POST", "/declarations", { text }, retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    findInput("declaration-text").value = "";
    void load();
    return resident.draftSaved;
  });
}
