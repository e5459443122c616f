// The daily report of one's health, or a dependant's.

import { prepareForm } from "../form/actions.js";
import { nameWhenOpened, pathFor } from "../form/person_choice.js";
import { preparePart } from "../lib/collapsible.js";
import { element, input, list, make, when } from "../lib/element.js";
import { act, read } from "../lib/resident_api.js";
import { both, problemOf, symptoms } from "../lib/words.js";
import { progressWords } from "./colour_reasons.js";
import { lookAgain } from "./overview.js";

/** @typedef {import("../lib/words.js").Words} Words */

const DAYS_SHOWN_MAX = 14;

/** @param {string} symptom */
function symptomWords(symptom) {
  return both(symptoms[symptom] ?? [symptom, ""]);
}

/** @param {any} report */
function entry({ at, temperature, symptoms: felt }) {
  const said = [temperature === null ? "" : `${temperature} °C`, ...felt.map(symptomWords)];
  return [when(at), make("small", said.filter((words) => words !== "").join(" · "))];
}

/** @param {any} body */
function show({ reports }) {
  list("report-list", reports.slice(-DAYS_SHOWN_MAX).reverse().map(entry));
}

function offerSymptoms() {
  const choices = Object.keys(symptoms).map((symptom) => {
    const box = make("input");
    box.type = "checkbox";
    box.name = "symptom";
    box.value = symptom;
    return make("label", box, symptomWords(symptom));
  });
  element("symptoms").append(...choices);
}

/** What was entered, as it is sent: somebody without a thermometer leaves the temperature out. */
function entered() {
  const temperature = input("temperature").valueAsNumber;
  const felt = [...document.querySelectorAll('input[name="symptom"]:checked')];
  return {
    ...(Number.isNaN(temperature) ? {} : { temperature }),
    symptoms: felt.map((box) => /** @type {HTMLInputElement} */ (box).value),
  };
}

/** @param {any} said @returns {Words} */
function outcome({ counts, progress }) {
  const far = progress === null ? "" : ` · ${progressWords(progress)}`;
  return counts
    ? ["今天的打卡已计入", `Counted for today${far}`]
    : ["已收到；今天已有一次打卡计入", `Received; today's report is counted already${far}`];
}

/** Makes the part work. */
export function prepareReport() {
  offerSymptoms();
  const load = preparePart("report", (retrying) => read("/reports", retrying), show);
  nameWhenOpened("report");
  prepareForm("report-form", async (retrying) => {
    const answer = await act("POST", pathFor("reported", "/reports"), entered(), retrying);
    if (answer.status !== 200) {
      return problemOf(answer);
    }
    lookAgain();
    void load();
    return outcome(answer.body);
  });
}
