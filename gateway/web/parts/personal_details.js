// Name, phone and class, as the city has them, and how they are changed.

import { prepareForm } from "../form/actions.js";
import { preparePart } from "../lib/collapsible.js";
import { input, select } from "../lib/element.js";
import { act, isSame, read } from "../lib/resident_api.js";
import { both, classes, problemOf } from "../lib/words.js";

/** @typedef {{name: string, phone: string, class: string}} Particulars */

/** As the city has them; until that is known, as the form is at first. @type {Particulars} */
let had = { name: "", phone: "", class: "permanent" };

/** @returns {Particulars} */
function entered() {
  return { name: input("name").value.trim(), phone: input("phone").value.trim(), class: select("class").value };
}

/** Fills a field that nobody has typed in.
 * @param {HTMLInputElement | HTMLSelectElement} field @param {string} before @param {string} now */
function fill(field, before, now) {
  if (field.value === before) {
    field.value = now;
  }
}

/** @param {Particulars} now */
function show({ name, phone, class: kind }) {
  fill(input("name"), had.name, name);
  fill(input("phone"), had.phone, phone);
  fill(select("class"), had.class, kind);
  had = { name, phone, class: kind };
}

/** What was entered otherwise than the city has it: some cities let residents change something once a day. */
function changes() {
  const changed = Object.entries(entered()).filter(([name, value]) => !isSame(had, { [name]: value }));
  return Object.fromEntries(changed);
}

/** The city's answer if it has things as they were to be changed, as after a try whose answer was lost.
 * @param {Record<string, unknown>} changed @param {() => void} retrying */
async function done(changed, retrying) {
  const now = await read("", retrying);
  return isSame(now.body, changed) ? now : null;
}

/** @param {() => void} retrying @returns {Promise<import("../lib/words.js").Words>} */
async function change(retrying) {
  const changed = changes();
  if (Object.keys(changed).length === 0) {
    return ["没有改动", "Nothing is changed"];
  }
  const recover = () => done(changed, retrying);
  const told = await act("PATCH", "", changed, retrying, recover);
  // A browser may have sent it twice by itself, and the first one was the day's.
  const answer = told.body.code === "edit-quota" ? ((await recover()) ?? told) : told;
  if (answer.status !== 200) {
    return problemOf(answer);
  }
  show(answer.body);
  return ["已修改", "Changed"];
}

/** Makes the part work. */
export function prepareParticulars() {
  select("class").replaceChildren(...Object.entries(classes).map(([name, words]) => new Option(both(words), name)));
  preparePart("particulars", (retrying) => read("", retrying), show);
  prepareForm("particulars-form", change);
}
