// Everything at once that a resident looks for, in blocks. Where one cannot be had it says so in its place, and the
// others are shown.

import { colourMark } from "../lib/colour.js";
import { element, hotline, list, make, say, terms, when, word } from "../lib/element.js";
import { watch } from "../lib/polling.js";
import { read } from "../lib/resident_api.js";
import { awaited, blockAway, both, labels, problemOf, risks } from "../lib/words.js";
import { LOOK_MS, learnDelay, learnStanding, learnTrouble } from "./my_code.js";
import { lead } from "./reason_item.js";

/** A block that is away is looked at again sooner, but not by everybody every second. */
const AGAIN_MS_MIN = 5_000;
const BLOCKS = ["province", "itinerary", "areas", "policy"];

/** What each block shows, so that it is not built anew under somebody who reads it. @type {Map<string, string>} */
const shown = new Map();

/** @param {any} block */
function showProvince({ shown: colours }) {
  list(
    "province-list",
    colours.map((/** @type {any} */ { source, colour, at }) => [make("span", source), colourMark(colour), when(at)]),
  );
}

/** From when, and to when if that is known. @param {string} from @param {string | null} to */
function span(from, to) {
  return make("small", when(from), " – ", to === null ? "至今 now" : when(to));
}

/** @param {any} block */
function showItinerary({ stays }) {
  list(
    "itinerary-list",
    stays.map((/** @type {any} */ { area, from, until }) => [area, span(from, until)]),
  );
}

/** @param {any} block */
function showAreas({ listed }) {
  list(
    "areas-list",
    listed.map((/** @type {any} */ { code, risk, from, to }) => [
      `${code} ${both(risks[risk] ?? [risk, ""])}`,
      span(from, to),
    ]),
  );
}

/** @param {any} rule */
function rule({ colour, text, clears_by, link }) {
  return [colourMark(colour), text, terms([[labels.clearsBy, clears_by]]), ...lead(link)];
}

/** @param {any} block */
function showPolicy({ policy, title, hotline: number, rules }) {
  say("policy-title", `${title} ${policy}`);
  element("policy-hotline").replaceChildren(hotline(number));
  list("policy-list", rules.map(rule));
}

/** @type {Record<string, (block: any) => void>} */
const show = { province: showProvince, itinerary: showItinerary, areas: showAreas, policy: showPolicy };

/** @param {string} name @param {any} block */
function showBlock(name, block) {
  const text = JSON.stringify(block.problem === undefined ? block : "away");
  if (shown.get(name) === text) {
    return;
  }
  shown.set(name, text);
  const away = element(`${name}-away`);
  if (block.problem === undefined) {
    away.replaceChildren();
    show[name]?.(block);
  } else {
    // What was shown before stays, with the word that it may be old.
    word(away, blockAway);
  }
}

/** The rules of a list of ids, in the words of the policy block. @param {any} overview */
function reasonsOf({ code, policy }) {
  return code.reasons.map((/** @type {string} */ id) => {
    const found = policy.rules?.find((/** @type {any} */ { rule: one }) => one === id);
    return found ?? { text: id, clears_by: "", link: null };
  });
}

/** How long to wait until the next look. @param {any} overview */
function pauseOf(overview) {
  const told = BLOCKS.flatMap((name) => overview[name].problem?.retry_after_ms ?? []);
  return told.length === 0 ? LOOK_MS : Math.min(LOOK_MS, Math.max(AGAIN_MS_MIN, ...told));
}

/** @param {string} person */
async function look(person) {
  const line = element("overview-status");
  const answer = await read("/overview", () => {
    word(line, awaited());
    learnDelay(person);
  });
  if (answer.status !== 200) {
    word(line, problemOf(answer));
    learnTrouble(person, problemOf(answer));
    return LOOK_MS;
  }
  const overview = answer.body;
  line.replaceChildren();
  learnStanding(person, {
    colour: overview.code.colour,
    reasons: reasonsOf(overview),
    atMs: Date.parse(overview.at),
  });
  for (const name of BLOCKS) {
    showBlock(name, overview[name]);
  }
  return pauseOf(overview);
}

/** Looks at it at once. */
let lookNow = () => {};

/** Shows the overview from now on. @param {string} person */
export function startOverview(person) {
  lookNow = watch(() => look(person));
}

/** Looks at once, since something was done that may change a colour. */
export function lookAgain() {
  lookNow();
}
