// The resident's arrivals in the city: the place of origin, the time, the deadline to report, and the report.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { prepareLoadedPart } from "../lib/collapsible.js";
import { findInput, makeDefinitions, makeElement, makeTime, showList } from "../lib/element.js";
import { changeOwn, readOwn } from "../lib/resident_api.js";
import { labels, problemWords } from "../lib/words.js";
import { reloadOverview } from "./overview.js";

/** @typedef {import("../lib/collapsible.js").Reload} Reload */
/** @typedef {import("../lib/words.js").Words} Words */

const MINUTE_MS = 60_000;

/** @param {string} arrival @param {Reload} load */
function makeReportButton(arrival, load) {
  return makeActionButton(["已报到", "I have reported"], async (retrying) => {
    const answer = await changeOwn("POST", `/arrivals/${arrival}/reported`, undefined, retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    await load(["报到已记录", "Report recorded"]);
    return ["报到已记录", "Report recorded"];
  });
}

/** The state of an arrival. @param {any} arrival */
function describeState({ due, reported, overdue, passed }) {
  if (overdue) {
    return "⚠ 已逾期，请立即报到 Overdue: report now";
  }
  if (reported !== null) {
    return "✓ 已报到 Reported";
  }
  if (passed !== null) {
    return "✓ 已过卡口 Passed a checkpoint";
  }
  return due === null ? "✓ 无需报到 No need to report" : "… 待报到 Report pending";
}

/** @param {any} arrival @param {Reload} load */
function formatArrival(arrival, load) {
  /** @type {[Words, string | null, (value: string) => string | Node][]} */
  const lines = [
    [labels.fromArea, arrival.from_area, String],
    [labels.at, arrival.at, makeTime],
    [labels.unit, arrival.unit, String],
    [labels.due, arrival.due, makeTime],
    [labels.reported, arrival.reported, makeTime],
  ];
  const known = lines.flatMap(([name, value, show]) =>
    value === null ? [] : [/** @type {[Words, string | Node]} */ ([name, show(value)])],
  );
  const isOpen = arrival.due !== null && arrival.reported === null;
  const button = isOpen ? [makeReportButton(arrival.arrival, load)] : [];
  return [makeElement("strong", describeState(arrival)), makeDefinitions(known), ...button];
}

/** The entered values, in the shape of the request. */
function readForm() {
  const unit = findInput("unit").value.trim();
  return {
    from_area: findInput("from-area").value.trim().toUpperCase(),
    at: new Date(findInput("arrived").value).toISOString(),
    ...(unit === "" ? {} : { unit }),
  };
}

/** Most people register an arrival when they arrive. */
function suggestNow() {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * MINUTE_MS);
  findInput("arrived").value = local.toISOString().slice(0, "2022-01-04T00:00".length);
}

/** Prepares this part of the page. */
export function prepareArrivals() {
  suggestNow();
  const load = prepareLoadedPart(
    "arrivals",
    (retrying) => readOwn("/arrivals", retrying),
    ({ arrivals }) => {
      const entries = arrivals.reverse().map((/** @type {any} */ one) => formatArrival(one, load));
      showList("arrivals-list", entries);
    },
  );
  handleSubmit("arrival-form", async (retrying) => {
    const answer = await changeOwn("POST", "/arrivals", readForm(), retrying);
    if (answer.status !== 200) {
      return problemWords(answer);
    }
    reloadOverview();
    void load();
    return ["已登记", "Registered"];
  });
}
