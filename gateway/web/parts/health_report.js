// The daily health report of the resident or a dependant.

import { handleSubmit } from "../form/actions.js";
import { loadFamilyWhenOpened, pathOfChosenPerson } from "../form/person_choice.js";
import { prepareLoadedPart } from "./collapsible.js";
import { findElement, findInput, makeElement, makeLine, makeTime, makeWords, showList } from "../lib/element.js";
import { changeOwn, readOwn } from "../lib/resident_api.js";
import { fill, problemWords, resident, symptoms } from "../lib/words.js";
import { formatProgress } from "./colour_reasons.js";
import { reloadOverview } from "./overview.js";

/** @typedef {import("../lib/words.js").Words} Words */

const DAYS_SHOWN_MAX = 14;

/** @param {string} symptom */
function formatSymptom(symptom) {
  return makeWords(symptoms[symptom] ?? [symptom, ""]);
}

/** @param {any} report */
function formatReport({ at, temperature, symptoms: felt }) {
  const said = [...(temperature === null ? [] : [`${temperature} °C`]), ...felt.map(formatSymptom)];
  return [makeTime(at), makeElement("small", makeLine(said, " · "))];
}

/** @param {any} body */
function show({ reports }) {
  showList("report-list", reports.slice(-DAYS_SHOWN_MAX).reverse().map(formatReport));
}

function updateSymptoms() {
  const choices = Object.keys(symptoms).map((symptom) => {
    const box = makeElement("input");
    box.type = "checkbox";
    box.name = "symptom";
    box.value = symptom;
    return makeElement("label", box, formatSymptom(symptom));
  });
  findElement("symptoms").append(...choices);
}

/** The entered values, in the shape of the request. A person without a thermometer omits the temperature. */
function readForm() {
  const temperature = findInput("temperature").valueAsNumber;
  const felt = [...document.querySelectorAll('input[name="symptom"]:checked')];
  return {
    ...(Number.isNaN(temperature) ? {} : { temperature }),
    symptoms: felt.map((box) => /** @type {HTMLInputElement} */ (box).value),
  };
}

/** @param {any} said @returns {Words} */
function describeOutcome({ counts, progress, advice }) {
  const [doneZh, doneEn] = progress === null ? ["", ""] : formatProgress(progress);
  const words = counts ? resident.reportCounted : resident.reportReceived;
  const [chinese] = fill(words, { far: doneZh && ` · ${doneZh}` });
  const [, english] = fill(words, { far: doneEn && ` · ${doneEn}` });
  return advice === null ? [chinese, english] : [`${chinese}。${advice.zh}`, `${english}. ${advice.en}`];
}

/** Prepares this part of the page. */
export function prepareReport() {
  updateSymptoms();
  const load = prepareLoadedPart("report", (retrying) => readOwn("/reports", retrying), show);
  loadFamilyWhenOpened("report");
  handleSubmit("report-form", async (retrying) => {
    const answer = await changeOwn("POST", pathOfChosenPerson("reported", "/reports"), readForm(), retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    reloadOverview();
    void load();
    return describeOutcome(answer.body);
  });
}
