// The screen at a door. It shows the door's changing code, which it makes without a connection from the
// door's key. It reads the key again every ten minutes, and stops when the server refuses it.

import { formatDayAndTime, formatTimeOfDay } from "../lib/city_time.js";
import { makeDoorCode } from "../codes/door_code.js";
import { now } from "../lib/clock.js";
import { findElement, setText, setWords, showWords } from "../lib/element.js";
import { sendWithRetry } from "../lib/http.js";
import { currentStep, timeToNextStepMs } from "../codes/person_code.js";
import { startPolling } from "../lib/polling.js";
import { registerServiceWorker } from "../lib/service_worker.js";
import { reloadOnNewLink, takeToken } from "../lib/staff_token.js";
import { markStarted } from "../lib/started.js";
import { door, fill } from "../lib/words.js";
import { drawQrCode } from "../qr/qr_canvas.js";
import { avoidBurnIn, keepAwake } from "./screen_care.js";
import { deleteDoor, readDoor, restoreClock, saveDoor } from "./stored_door.js";

/** @typedef {import("../lib/staff_token.js").StaffToken} StaffToken */
/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("./stored_door.js").NamedDoorKey} NamedDoorKey */

/**
 * Why there is no code, as the body's `data-state`. It is `showing` while there is one.
 * @typedef {"unsigned" | "ended" | "refused" | "role-wrong" | "venue-closed" | "venue-unknown" | "waiting" |
 *   "clock-lost"} Trouble
 */

const KEY_PATH = "/v1/doors/me/key";
const TICK_MS = 250;
const POLL_MS = 600_000;
const DAY_MS = 86_400_000;
/** A difference between the clocks from which it is shown. The server sends whole seconds. */
const DRIFT_MS_MIN = 3_000;
/** A step of this device's clock after which the server is asked for the time. */
const JUMP_MS_MIN = 2_000;

/** What each trouble is, and what to do. @type {Record<Trouble, [Words, Words]>} */
const troubles = {
  unsigned: [door.unsigned, door.askForLink],
  ended: [door.ended, door.askForLink],
  refused: [door.refused, door.askForLink],
  "role-wrong": [door.roleWrong, door.askForLink],
  "venue-closed": [door.venueClosed, door.askStaff],
  "venue-unknown": [door.venueUnknown, door.askForLink],
  waiting: [door.waiting, door.neverReached],
  "clock-lost": [door.clockLost, door.neverReached],
};

const token = takeToken(localStorage);
/** The key whose codes are shown. @type {NamedDoorKey | null} */
let doorKey = null;
/** Why there is no code. @type {Trouble} */
let trouble = "waiting";
/** The trouble whose words are on the page. @type {Trouble | null} */
let shownTrouble = null;
/** The time of the last answer since this page was opened. @type {number | null} */
let reachedAtMs = null;
let isRetrying = false;
/** The code on the screen: its key and its step. */
let drawnCode = "";

/** @param {Trouble} found */
function stopCodes(found) {
  doorKey = null;
  trouble = found;
  drawnCode = "";
}

/** The trouble that an answer reports, or null where the key stays valid.
 * @param {{status: number, body: any}} answer @param {StaffToken} signedIn @returns {Trouble | null} */
function findTrouble({ status, body }, { endsAtMs }) {
  if (status === 401) {
    return now() < endsAtMs ? "refused" : "ended";
  }
  if (status === 403) {
    return "role-wrong";
  }
  if (status === 422) {
    return body.code === "venue-closed" ? "venue-closed" : "venue-unknown";
  }
  return null;
}

/** Reads the key, and returns the time until it is read again. @param {StaffToken} signedIn */
async function readKey(signedIn) {
  const retrying = () => {
    isRetrying = true;
  };
  const authorize = async () => `Bearer ${signedIn.token}`;
  const answer = await sendWithRetry(KEY_PATH, async () => undefined, retrying, { authorize });
  isRetrying = false;
  reachedAtMs = now();
  const found = findTrouble(answer, signedIn);
  if (answer.status === 200) {
    doorKey = answer.body;
    saveDoor(answer.body);
  } else if (found !== null) {
    deleteDoor();
    stopCodes(found);
  }
  // A city's screens must not all ask at the same moment.
  return POLL_MS * (0.9 + 0.2 * Math.random());
}

/** @param {NamedDoorKey} shown */
async function showCode(shown) {
  const step = currentStep();
  const wanted = `${shown.kid} ${shown.key} ${step}`;
  if (wanted === drawnCode) {
    return;
  }
  drawnCode = wanted;
  const code = await makeDoorCode(shown, step);
  // The server may have refused the key meanwhile.
  if (wanted === drawnCode) {
    const canvas = /** @type {HTMLCanvasElement} */ (findElement("code"));
    drawQrCode(canvas, `https://${location.host}/v/${code}`);
  }
}

function showCountdown() {
  const seconds = Math.ceil(timeToNextStepMs() / 1000);
  showWords("next-code", fill(door.nextCode, { seconds }));
  findElement("ring-left").setAttribute("stroke-dashoffset", String(30 - seconds));
}

/** Warns, or ends a warning. @param {string} id @param {boolean} isWarning */
function setWarning(id, isWarning) {
  findElement(id).toggleAttribute("data-warning", isWarning);
}

function showClock() {
  const driftMs = Date.now() - now();
  const seconds = Math.round(Math.abs(driftMs) / 1000);
  setText("clock", formatTimeOfDay(now()));
  if (reachedAtMs === null && doorKey === null) {
    showWords("drift", door.clockUnchecked);
  } else if (Math.abs(driftMs) < DRIFT_MS_MIN) {
    showWords("drift", door.clockAgrees);
  } else {
    showWords("drift", fill(driftMs > 0 ? door.clockFast : door.clockSlow, { seconds }));
  }
}

function showLink() {
  const isDown = isRetrying || !navigator.onLine;
  setWarning("link", isDown);
  if (reachedAtMs === null) {
    showWords("link", isDown ? door.neverReached : door.connecting);
  } else {
    showWords("link", fill(isDown ? door.linkDown : door.linkUp, { at: formatTimeOfDay(reachedAtMs) }));
  }
}

/** @param {StaffToken} signedIn */
function showTokenEnd({ endsAtMs }) {
  const isSoon = endsAtMs - now() < DAY_MS;
  setWarning("token-end", isSoon);
  showWords("token-end", fill(isSoon ? door.tokenEndsSoon : door.tokenEnds, { at: formatDayAndTime(endsAtMs) }));
}

function showTrouble() {
  if (shownTrouble !== trouble) {
    const [title, advice] = troubles[trouble];
    setWords(findElement("problem-title"), title);
    setWords(findElement("advice"), advice);
    shownTrouble = trouble;
  }
}

function showState() {
  document.body.dataset.state = doorKey === null ? trouble : "showing";
  findElement("showing").hidden = doorKey === null;
  findElement("problem").hidden = doorKey !== null;
  if (doorKey === null) {
    showTrouble();
  } else {
    setText("venue", doorKey.venue_name);
    showWords("door", fill(door.doorNumber, { number: doorKey.door }));
    showCountdown();
    void showCode(doorKey);
  }
  showClock();
}

/** Shows the last known key until the server answers. @param {StaffToken} signedIn */
function restore(signedIn) {
  const stored = readDoor(signedIn);
  if (stored === null) {
    return;
  }
  if (restoreClock(stored)) {
    doorKey = stored.doorKey;
  } else {
    stopCodes("clock-lost");
  }
}

/** @param {StaffToken} signedIn */
function start(signedIn) {
  restore(signedIn);
  const look = startPolling(() => readKey(signedIn));
  let clockBegin = Date.now() - performance.now();
  const tick = () => {
    const begin = Date.now() - performance.now();
    if (Math.abs(begin - clockBegin) > JUMP_MS_MIN) {
      clockBegin = begin;
      look();
    }
    if (now() >= signedIn.endsAtMs) {
      stopCodes("ended");
    }
    showState();
    showLink();
    showTokenEnd(signedIn);
  };
  tick();
  setInterval(tick, TICK_MS);
  window.addEventListener("load", () => registerServiceWorker("/staff/worker.js"));
}

reloadOnNewLink();
avoidBurnIn(findElement("state").parentElement ?? document.body);
keepAwake((isKept) => (isKept ? setText("awake", "") : showWords("awake", door.mayDarken)));
if (token === null) {
  stopCodes("unsigned");
  showState();
  setInterval(showState, TICK_MS);
} else {
  start(token);
}
markStarted();
