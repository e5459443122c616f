// Name, phone and class of the resident, and a form to change them. A new name or phone needs the proofs that
// the city's rule pack asks for at registration.

import { handleSubmit } from "../form/actions.js";
import { PROOF_TRY_MS, clearProofs, prepareProofs, readProofs, showProofs } from "../form/proofs.js";
import { maskName } from "../codes/holder_name.js";
import { prepareLoadedPart, whenOpened } from "./collapsible.js";
import { findElement, findInput, findSelect, setWords } from "../lib/element.js";
import { changeOwn, hasValues, readOwn, readPublic } from "../lib/resident_api.js";
import { saveMaskedName } from "../lib/registration/stored_registration.js";
import { classes, joinWords, problemWords, resident, status } from "../lib/words.js";

/** @typedef {{name: string, phone: string, class: string}} PersonalDetails */
/** @typedef {PersonalDetails & {person: string}} OwnDetails The server's. */

/** The city's values. Until they are loaded, the form's initial values. @type {PersonalDetails} */
let stored = { name: "", phone: "", class: "permanent" };
/** The proofs that the rule pack in force asks for. @type {string[]} */
let steps = [];
/** Refusals after which the city may ask for other proofs than this form shows. */
const PROOFS_OUTDATED = ["sms-code-needed", "face-needed"];

/** @returns {PersonalDetails} */
function readForm() {
  return {
    name: findInput("name").value.trim(),
    phone: findInput("phone").value.trim(),
    class: findSelect("class").value,
  };
}

/** Fills a field that still has its earlier value.
 * @param {HTMLInputElement | HTMLSelectElement} field @param {string} before @param {string} now */
function fill(field, before, now) {
  if (field.value.trim() === before) {
    field.value = now;
  }
}

/** @param {OwnDetails} now */
function show({ person, name, phone, class: kind }) {
  fill(findInput("name"), stored.name, name);
  fill(findInput("phone"), stored.phone, phone);
  fill(findSelect("class"), stored.class, kind);
  stored = { name, phone, class: kind };
  saveMaskedName(person, maskName(name));
  updateProofs();
}

/** The values that differ from the city's. Some cities limit the changes of a value to one a day. */
function readChanges() {
  const changed = Object.entries(readForm()).filter(([name, value]) => !hasValues(stored, { [name]: value }));
  return Object.fromEntries(changed);
}

/** Shows the fields of the proofs while the name or the phone differs from the city's. */
function updateProofs() {
  const changed = readChanges();
  showProofs("name" in changed || "phone" in changed ? steps : []);
}

async function loadSteps() {
  const answer = await readPublic("/v1/registration", () => {});
  if (answer.status === 200) {
    steps = answer.body.steps;
    updateProofs();
  }
}

/** The city's values if they already contain the changes, as after a try whose answer was lost.
 * @param {Record<string, unknown>} changed @param {() => void} retrying */
async function findIfChanged(changed, retrying) {
  const now = await readOwn("", retrying);
  return hasValues(now.body, changed) ? now : null;
}

/** @param {() => void} retrying @returns {Promise<import("../lib/words.js").Words>} */
async function change(retrying) {
  const changed = readChanges();
  if (Object.keys(changed).length === 0) {
    return resident.noChanges;
  }
  const recover = () => findIfChanged(changed, retrying);
  const body = { ...changed, ...readProofs() };
  const told = await changeOwn("PATCH", "", body, retrying, { recover, tryMs: PROOF_TRY_MS });
  // A browser may repeat a request by itself. The first copy then used up the day's quota.
  const answer = told.body.code === "edit-quota" ? ((await recover()) ?? told) : told;
  if (answer.status !== 200) {
    if (PROOFS_OUTDATED.includes(answer.body.code)) {
      void loadSteps();
    }
    return problemWords(answer);
  }
  clearProofs();
  findElement("proofs-status").replaceChildren();
  // The answer has the city's spelling of what was typed.
  stored = { ...stored, ...changed };
  show(answer.body);
  return resident.changed;
}

/** Prepares this part of the page. */
export function preparePersonalDetails() {
  const options = Object.entries(classes).map(([name, words]) => new Option(joinWords(words), name));
  findSelect("class").replaceChildren(...options);
  prepareLoadedPart("particulars", (retrying) => readOwn("", retrying), show);
  whenOpened("particulars", () => void loadSteps());
  findElement("particulars-form").addEventListener("input", updateProofs);
  prepareProofs((words) => setWords(findElement("proofs-status"), words));
  handleSubmit("particulars-form", change);
}
