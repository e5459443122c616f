// Arrivals in the city: from where and when, by when to report, and that one has.

import { action, prepareForm } from "../form/actions.js";
import { preparePart } from "../lib/collapsible.js";
import { input, list, make, terms, when } from "../lib/element.js";
import { act, read } from "../lib/resident_api.js";
import { labels, problemOf } from "../lib/words.js";
import { lookAgain } from "./overview.js";

/** @typedef {import("../lib/collapsible.js").Load} Load */
/** @typedef {import("../lib/words.js").Words} Words */

const MINUTE_MS = 60_000;

/** @param {string} arrival @param {Load} load */
function reporting(arrival, load) {
  return action(["已报到", "I have reported"], async (retrying) => {
    const answer = await act("POST", `/arrivals/${arrival}/reported`, undefined, retrying);
    if (answer.status !== 200) {
      return problemOf(answer);
    }
    await load(["报到已记录", "Noted"]);
    return ["报到已记录", "Noted"];
  });
}

/** How far an arrival is. @param {any} arrival */
function stateOf({ due, reported, overdue, passed }) {
  if (overdue) {
    return "⚠ 已逾期，请立即报到 Overdue: report now";
  }
  if (reported !== null) {
    return "✓ 已报到 Reported";
  }
  if (passed !== null) {
    return "✓ 已过卡口 Came through a checkpoint";
  }
  return due === null ? "✓ 无需报到 No need to report" : "… 待报到 To be reported";
}

/** @param {any} arrival @param {Load} load */
function entry(arrival, load) {
  /** @type {[Words, string | null, (value: string) => string | Node][]} */
  const lines = [
    [labels.fromArea, arrival.from_area, String],
    [labels.at, arrival.at, when],
    [labels.unit, arrival.unit, String],
    [labels.due, arrival.due, when],
    [labels.reported, arrival.reported, when],
  ];
  const known = lines.flatMap(([name, value, show]) =>
    value === null ? [] : [/** @type {[Words, string | Node]} */ ([name, show(value)])],
  );
  const isOpen = arrival.due !== null && arrival.reported === null;
  return [make("strong", stateOf(arrival)), terms(known), ...(isOpen ? [reporting(arrival.arrival, load)] : [])];
}

/** What was entered, as it is sent. */
function entered() {
  const unit = input("unit").value.trim();
  return {
    from_area: input("from-area").value.trim().toUpperCase(),
    at: new Date(input("arrived").value).toISOString(),
    ...(unit === "" ? {} : { unit }),
  };
}

/** Most people register an arrival when they arrive. */
function suggestNow() {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * MINUTE_MS);
  input("arrived").value = local.toISOString().slice(0, "2022-01-04T00:00".length);
}

/** Makes the part work. */
export function prepareArrivals() {
  suggestNow();
  const load = preparePart(
    "arrivals",
    (retrying) => read("/arrivals", retrying),
    ({ arrivals }) => list("arrivals-list", arrivals.reverse().map((/** @type {any} */ one) => entry(one, load))),
  );
  prepareForm("arrival-form", async (retrying) => {
    const answer = await act("POST", "/arrivals", entered(), retrying);
    if (answer.status !== 200) {
      return problemOf(answer);
    }
    lookAgain();
    void load();
    return ["已登记", "Registered"];
  });
}
