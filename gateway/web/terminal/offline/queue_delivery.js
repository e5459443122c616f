// Sends the queue when the link is back, and shows its answers: how many by verdict and colour, and the
// refused ones by reason. The list has no names.

import { findElement, makeElement, makeWords } from "../../lib/element.js";
import { isNotRepeatable, sendOnce } from "../../lib/http.js";
import { startPolling } from "../../lib/polling.js";
import { colours, fill, joinWords, terminal, terminalStates } from "../../lib/words.js";
import { trustLink } from "../check_in_request.js";
import { scanProblemWords } from "../scan_problem.js";
import { showLine } from "../status_line.js";
import { countOtherScans, deleteLateScan, readQueue } from "./late_queue.js";

/** @typedef {import("../../lib/staff_token.js").StaffToken} StaffToken */
/** @typedef {import("../../lib/words.js").Words} Words */
/** @typedef {import("./late_queue.js").QueuedScan} QueuedScan */

/** Scans of one request. */
const SCANS_A_REQUEST = 100;
/** The longest wait for a request's answer: the gateway looks each scan up. **Units**: milliseconds. */
const TRY_MS = 30_000;
const MORE_PAUSE_MS = 100;
const FAILED_PAUSE_MS = 5_000;
const EMPTY_PAUSE_MS = 30_000;

/** Counts of answers, by their words. */
function makeTally() {
  /** @type {Map<string, {words: Words, count: number}>} */
  const counts = new Map();
  return {
    /** @param {Words} words */
    add(words) {
      const place = joinWords(words);
      counts.set(place, { words, count: (counts.get(place)?.count ?? 0) + 1 });
    },
    clear: () => counts.clear(),
    total: () => [...counts.values()].reduce((sum, { count }) => sum + count, 0),
    items: () => [...counts.values()].map(({ words, count }) => makeElement("li", makeWords(words), `: ${count}`)),
  };
}

/** The words of one line's answer. @param {any} answer @returns {Words} */
function wordsOfLine({ id, verdict, colour, code }) {
  if (id === undefined) {
    const [chinese, english] = scanProblemWords(code);
    return [`${terminal.lineRefused[0]}：${chinese}`, `${terminal.lineRefused[1]}: ${english}`];
  }
  const [of, as] = [terminalStates[verdict] ?? ["", ""], colours[colour] ?? ["", ""]];
  return [`${of[0]}，${as[0]}`, `${of[1]}, ${as[1]}`];
}

/** Whether the gateway stored a line's scan, or refused it permanently. A body that broke off ends in a
 * problem of line 0. @param {any} answer @param {number} line */
function isSettled(answer, line) {
  return answer?.id !== undefined || (answer?.line === line && isNotRepeatable({ status: answer.status, body: answer }));
}

/** Starts to send the queue of the token's venue. `refused` is called if the gateway refuses the token.
 * @param {StaffToken & {venue: string}} token @param {() => void} refused */
export function startDelivery(token, refused) {
  const tally = makeTally();
  let [isDelivered, isStopped] = [true, false];

  const show = () => {
    const [waiting, others] = [readQueue(token.venue).length, countOtherScans(token.venue)];
    showLine("queue-count", fill(terminal.queueCount, { n: waiting }));
    showLine("queue-others", others === 0 ? null : fill(terminal.queueOthers, { n: others }));
    findElement("queue-answers").replaceChildren(...tally.items());
    const answered = tally.total() === 0 ? null : fill(terminal.queueAnswered, { n: tally.total() });
    showLine("queue-status", waiting > 0 ? terminal.queueWaits : answered);
  };
  /** Deletes the scans that have a final answer. @param {QueuedScan[]} sent @param {any[]} answers */
  const settle = (sent, answers) => {
    sent.forEach((queued, place) => {
      if (isSettled(answers[place], place + 1)) {
        deleteLateScan(queued);
        tally.add(wordsOfLine(answers[place]));
      }
    });
  };
  const deliver = async () => {
    const queued = isStopped ? [] : readQueue(token.venue).slice(0, SCANS_A_REQUEST);
    if (queued.length === 0) {
      isDelivered = true;
      return EMPTY_PAUSE_MS;
    }
    if (isDelivered) {
      tally.clear();
      isDelivered = false;
    }
    const how = { authorization: `Bearer ${token.token}`, tryMs: TRY_MS, isLines: true };
    const scans = queued.map(({ scan }) => scan);
    const answer = navigator.onLine ? await sendOnce("/v1/check-ins/batch", scans, how) : null;
    if (answer?.status === 401 || answer?.status === 403) {
      refused();
      return EMPTY_PAUSE_MS;
    }
    if (answer !== null) {
      trustLink();
    }
    const before = tally.total();
    settle(queued, answer?.status === 200 ? answer.body : []);
    return tally.total() > before ? MORE_PAUSE_MS : FAILED_PAUSE_MS;
  };

  const look = startPolling(async () => {
    const pauseMs = await deliver();
    show();
    return pauseMs;
  });
  show();
  return {
    look,
    show,
    stop() {
      isStopped = true;
    },
  };
}
