// Declarations: written, looked at once more, and confirmed.

import { action, prepareForm } from "../form/actions.js";
import { preparePart } from "../lib/collapsible.js";
import { input, list, make, terms, when } from "../lib/element.js";
import { act, read } from "../lib/resident_api.js";
import { labels, problemOf } from "../lib/words.js";

/** @typedef {import("../lib/collapsible.js").Load} Load */

/** The second step. @param {string} declaration @param {Load} load */
function confirming(declaration, load) {
  return action(["内容属实，确认提交", "It is true: confirm"], async (retrying) => {
    const answer = await act("POST", `/declarations/${declaration}/confirm`, undefined, retrying);
    if (answer.status !== 200) {
      return problemOf(answer);
    }
    await load(["已确认", "Confirmed"]);
    return ["已确认", "Confirmed"];
  });
}

/** @param {any} declaration @param {Load} load */
function entry({ declaration, text, drafted, confirmed }, load) {
  const words = make("p", text);
  words.className = "letter";
  if (confirmed === null) {
    return [make("strong", "草稿，尚未生效 Draft: does not count yet"), words, confirming(declaration, load)];
  }
  const times = terms([
    [labels.sent, when(drafted)],
    [labels.confirmed, when(confirmed)],
  ]);
  return [make("strong", "✓ 已确认 Confirmed"), words, times];
}

/** Makes the part work. */
export function prepareDeclarations() {
  const load = preparePart(
    "declarations",
    (retrying) => read("/declarations", retrying),
    ({ declarations }) => {
      // The server's order is by time; the latest is looked for.
      list("declarations-list", declarations.reverse().map((/** @type {any} */ one) => entry(one, load)));
    },
  );
  prepareForm("declaration-form", async (retrying) => {
    const text = input("declaration-text").value.trim();
    const answer = await act("POST", "/declarations", { text }, retrying);
    if (answer.status !== 200) {
      return problemOf(answer);
    }
    input("declaration-text").value = "";
    void load();
    return ["草稿已保存，请在下面核对并确认", "The draft is below: read it once more and confirm"];
  });
}
