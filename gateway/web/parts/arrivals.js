// Arrivals in the city, of the resident or a dependant: the place of origin, the time, the unit, the deadline
// to report, and the report. An arrival can be corrected or withdrawn until it is reported or closed.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { loadFamilyWhenOpened, pathOfChosenPerson } from "../form/person_choice.js";
import { prepareLoadedPart, whenOpened } from "./collapsible.js";
import {
  findElement,
  findInput,
  findSelect,
  makeDefinitions,
  makeElement,
  makeTime,
  makeWords,
  setOptions,
  showList,
} from "../lib/element.js";
import { changeOwn, readOwn, readPublic } from "../lib/resident_api.js";
import { joinWords, labels, placeholders, problemWords, resident } from "../lib/words.js";
import { reloadOverview } from "./overview.js";

/** @typedef {import("./collapsible.js").Reload} Reload */
/** @typedef {import("../lib/words.js").Words} Words */

const MINUTE_MS = 60_000;

/** The path of the arrival that the form corrects; null while it announces a new one.
 * @type {string | null} */
let corrected = null;

/** The path of the chosen person's arrivals. */
function arrivalsPath() {
  return pathOfChosenPerson("arriving", "/arrivals");
}

/**
 * A button that changes an arrival and reloads the list.
 * @param {Words} words
 * @param {Words} done
 * @param {string} method
 * @param {string} path
 * @param {Reload} load
 */
function makeChangeButton(words, done, method, path, load) {
  return makeActionButton(words, async (retrying) => {
    const answer = await changeOwn(method, path, undefined, retrying);
    if (answer.status !== 200 && answer.status !== 204) {
      return problemWords(answer);
    }
    reloadOverview();
    await load(done);
    return done;
  });
}

/** A button that puts an arrival into the form, which then corrects it.
 * @param {any} arrival @param {string} path */
function makeCorrectButton(arrival, path) {
  return makeActionButton(resident.correct, async () => {
    corrected = path;
    findInput("from-area").value = arrival.from_area ?? "";
    setLocalTime(new Date(arrival.at));
    findInput("unit").value = arrival.unit ?? "";
    findSelect("unit-choice").value = arrival.unit ?? "";
    findInput("from-area").focus();
    return resident.correctAbove;
  });
}

/** The state of an arrival. @param {any} arrival */
function describeState({ due, reported, overdue, passed, late, ended }) {
  if (overdue) {
    return resident.arrivalOverdue;
  }
  if (reported !== null) {
    return late ? resident.arrivalReportedLate : resident.arrivalReported;
  }
  if (passed !== null && due === null) {
    return resident.arrivalPassed;
  }
  return due === null || ended !== null ? resident.arrivalNoReport : resident.arrivalPending;
}

/** @param {any} arrival @param {string} path The arrival's path. @param {Reload} load */
function formatArrival(arrival, path, load) {
  /** @type {[Words, string | null, (value: string) => string | Node][]} */
  const lines = [
    [labels.fromArea, arrival.from_area, String],
    [labels.at, arrival.at, makeTime],
    [labels.unit, arrival.unit_name ?? arrival.unit, String],
    [labels.due, arrival.due, makeTime],
    [labels.reported, arrival.reported, makeTime],
  ];
  const known = lines.flatMap(([name, value, show]) =>
    value === null ? [] : [/** @type {[Words, string | Node]} */ ([name, show(value)])],
  );
  const isDue = arrival.due !== null && arrival.reported === null && arrival.ended === null;
  const report = makeChangeButton(resident.reportArrival, resident.arrivalRecorded, "POST", `${path}/reported`, load);
  const withdraw = makeChangeButton(resident.withdrawArrival, resident.withdrawn, "DELETE", path, load);
  const changes = arrival.reported === null ? [makeCorrectButton(arrival, path), withdraw] : [];
  const buttons = [...(isDue ? [report] : []), ...changes];
  return [makeElement("strong", makeWords(describeState(arrival))), makeDefinitions(known), ...buttons];
}

/** The entered values, in the shape of the request. A correction may also remove the unit. */
function readForm() {
  const hasChoice = !findSelect("unit-choice").hidden;
  const unit = hasChoice ? findSelect("unit-choice").value : findInput("unit").value.trim();
  return {
    from_area: findInput("from-area").value.trim().toUpperCase(),
    at: new Date(findInput("arrived").value).toISOString(),
    ...(unit !== "" ? { unit } : corrected === null ? {} : { unit: null }),
  };
}

/** Most people register an arrival when they arrive. @param {Date} at */
function setLocalTime(at) {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS);
  findInput("arrived").value = local.toISOString().slice(0, "2022-01-04T00:00".length);
}

/** Offers the registered units; a city without any takes free text. */
async function loadUnits() {
  const answer = await readPublic("/v1/units", () => {});
  if (answer.status !== 200) {
    return;
  }
  const options = answer.body.units.map(
    (/** @type {any} */ { unit, name, district }) => new Option(`${district} ${name}`, unit),
  );
  const choice = setOptions("unit-choice", [new Option(joinWords(placeholders.unit), ""), ...options]);
  choice.hidden = options.length === 0;
  findInput("unit").hidden = !choice.hidden;
  for (const field of [choice, findInput("unit")]) {
    for (const label of field.labels ?? []) {
      label.hidden = field.hidden;
    }
  }
}

/** Prepares this part of the page. */
export function prepareArrivals() {
  setLocalTime(new Date());
  const load = prepareLoadedPart(
    "arrivals",
    (retrying, path) => readOwn(path, retrying),
    ({ arrivals }, path) => {
      const entries = arrivals
        .reverse()
        .map((/** @type {any} */ one) => formatArrival(one, `${path}/${one.arrival}`, load));
      showList("arrivals-list", entries);
    },
    { chosen: arrivalsPath, clear: () => findElement("arrivals-list").replaceChildren() },
  );
  loadFamilyWhenOpened("arrivals");
  whenOpened("arrivals", () => void loadUnits());
  findSelect("arriving").addEventListener("change", () => {
    corrected = null;
    void load();
  });
  handleSubmit("arrival-form", async (retrying) => {
    const [method, path] = corrected === null ? ["POST", arrivalsPath()] : ["PATCH", corrected];
    const answer = await changeOwn(method, path, readForm(), retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    corrected = null;
    reloadOverview();
    void load();
    return method === "POST" ? resident.arrivalRegistered : resident.arrivalCorrected;
  });
}
