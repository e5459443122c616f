// The overview: the colour, the notices, and blocks in the parts below them. A block that is unavailable says
// so in its place, and the others are shown.

import { learnHolderName } from "../codes/holder_name.js";
import { makeColourMark } from "../lib/colour.js";
import {
  findElement,
  makeDefinitions,
  makeElement,
  makeHotlineLink,
  makeTime,
  makeWords,
  setText,
  setWords,
  showList,
} from "../lib/element.js";
import { moveKeys } from "../lib/registration/key_moves.js";
import { showNotices } from "../lib/notices.js";
import { startPolling } from "../lib/polling.js";
import { readOwn } from "../lib/resident_api.js";
import { colours, labels, problemWords, resident, risks, status, waitingWords, wordsOf } from "../lib/words.js";
import { showErasure } from "./erasure.js";
import { POLL_MS, recordColour, recordDelay, recordProblem } from "./my_code.js";
import { makeClearingLinks } from "./reason_item.js";

/** An unavailable block is polled sooner, but not every second by all phones. */
const RETRY_MS_MIN = 5_000;
const BLOCKS = ["erasure", "notices", "province", "itinerary", "areas", "policy"];

/** The content of each block: an unchanged one is not rebuilt while a person reads it.
 * @type {Map<string, string>} */
const shown = new Map();

/** @param {any} block */
function showProvince({ shown: colours }) {
  showList(
    "province-list",
    colours.map((/** @type {any} */ { source, colour, at }) => [
      makeElement("span", source),
      makeColourMark(colour),
      makeTime(at),
    ]),
  );
}

/** The start and the end of a time span. An open end is shown as "to date".
 * @param {string} from @param {string | null} to */
function makeSpan(from, to) {
  return makeElement("small", makeTime(from), " – ", to === null ? makeWords(resident.toDate) : makeTime(to));
}

/** @param {any} block */
function showItinerary({ stays }) {
  showList(
    "itinerary-list",
    stays.map((/** @type {any} */ { name, from, until }) => [makeWords(wordsOf(name)), makeSpan(from, until)]),
  );
}

/** @param {any} block */
function showAreas({ listed }) {
  showList(
    "areas-list",
    listed.map((/** @type {any} */ { name, risk, from, to }) => [
      makeWords(wordsOf(name)),
      " · ",
      makeWords(risks[risk] ?? [risk, ""]),
      makeSpan(from, to),
    ]),
  );
}

/** @param {any} rule */
function formatRule({ colour, words, clears_by, link }) {
  const clearing = makeDefinitions([[labels.clearsBy, makeWords(wordsOf(clears_by))]]);
  return [makeColourMark(colour), makeWords(wordsOf(words)), clearing, ...makeClearingLinks(link)];
}

/** @param {any} block */
function showPolicy({ policy, title, hotline: number, rules }) {
  setText("policy-title", `${title} ${policy}`);
  findElement("policy-hotline").replaceChildren(makeHotlineLink(number));
  showList("policy-list", rules.map(formatRule));
}

/** @type {Record<string, (block: any) => void>} */
const show = {
  erasure: showErasure,
  notices: ({ listed }) => showNotices("notices-list", listed),
  province: showProvince,
  itinerary: showItinerary,
  areas: showAreas,
  policy: showPolicy,
};

/** @param {string} name @param {any} block Null if there is nothing to show. */
function showBlock(name, block) {
  const isAway = block?.problem !== undefined;
  const text = JSON.stringify(isAway ? "away" : block);
  if (shown.get(name) === text) {
    return;
  }
  shown.set(name, text);
  const away = findElement(`${name}-away`);
  if (isAway) {
    // The earlier content stays, with a note that it may be outdated.
    setWords(away, name === "erasure" ? status.erasureUnavailable : status.blockUnavailable);
  } else {
    away.replaceChildren();
    show[name]?.(block);
  }
}

/** The reasons of the colour. While the store does not explain them, the policy block has the rules' words.
 * @param {any} overview */
function findReasons({ code, policy, reasons }) {
  if (reasons?.listed !== undefined) {
    return reasons.listed;
  }
  return code.reasons.map((/** @type {string} */ id) => {
    const found = policy.rules?.find((/** @type {any} */ { rule: one }) => one === id);
    return found ?? { words: { zh: status.unknownReason[0], en: status.unknownReason[1] }, link: null };
  });
}

/** The pause until the next poll. @param {any} overview */
function pauseMs(overview) {
  const told = BLOCKS.flatMap((name) => overview[name]?.problem?.retry_after_ms ?? []);
  return told.length === 0 ? POLL_MS : Math.min(POLL_MS, Math.max(RETRY_MS_MIN, ...told));
}

/** @param {string} person */
async function poll(person) {
  const line = findElement("overview-status");
  const answer = await readOwn("/overview", () => {
    setWords(line, waitingWords());
    recordDelay(person);
  });
  if (answer.status !== 200) {
    setWords(line, problemWords(answer));
    recordProblem(person, problemWords(answer));
    return POLL_MS;
  }
  const overview = answer.body;
  void moveKeys(overview.kid);
  void learnHolderName();
  line.replaceChildren();
  recordColour(person, {
    colour: overview.code.colour,
    reasons: findReasons(overview),
    atMs: Date.parse(overview.at),
  });
  for (const name of BLOCKS) {
    showBlock(name, overview[name] ?? null);
  }
  return pauseMs(overview);
}

/** Polls the overview immediately. */
let pollNow = () => {};

/** Starts to show the overview. @param {string} person */
export function startOverview(person) {
  pollNow = startPolling(() => poll(person));
}

/** Reloads the overview, after an action that may change the colour. */
export function reloadOverview() {
  pollNow();
}
