// The work at the door: a scan, its verdict, the checks, and the next one. The desk holds one scan at a time,
// and none after its person has left the screen.

import { now } from "../lib/clock.js";
import { findElement } from "../lib/element.js";
import { fill, terminal } from "../lib/words.js";
import { startDoorChecks } from "./answer/door_checks.js";
import {
  askToDecide,
  clearScreen,
  showCheckProblem,
  showKept,
  showRefusal,
  showScanStatus,
  showSending,
  showVerdict,
  startScreen,
} from "./answer/screen.js";
import { startSignals } from "./answer/signals.js";
import { sendChecks, sendScan } from "./check_in_request.js";
import { QUEUED_SCANS_MAX, addLateScan } from "./offline/late_queue.js";
import { startDelivery } from "./offline/queue_delivery.js";
import { startCamera } from "./scan/camera.js";
import { startCompanions } from "./scan/companions.js";
import { focusScanField, startScanField } from "./scan/scan_field.js";
import { readScanned } from "./scan/scanned_text.js";
import { scanProblemWords } from "./scan_problem.js";

/** @typedef {import("./answer/door_checks.js").DoorWork} DoorWork */
/** @typedef {import("./check_in_request.js").FirstAnswer} FirstAnswer */
/** @typedef {import("./check_in_request.js").Scan} Scan */
/** @typedef {import("../lib/http.js").Answer} Answer */
/** @typedef {import("../lib/staff_token.js").StaffToken} StaffToken */
/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("./scan/scanned_text.js").Credential} Credential */
/** @typedef {import("./scan/scanned_text.js").OtherText} OtherText */
/** A scan with its time: it waits for its answer, for the staff's decision, or was answered.
 * @typedef {{scan: Scan, at: string, is: HeldState, first?: FirstAnswer}} HeldScan
 * @typedef {"sending" | "undecided" | "answered"} HeldState */
/**
 * The desk of a signed-in terminal.
 * @typedef {object} Desk
 * @property {StaffToken & {venue: string}} token
 * @property {() => void} refused The gateway has refused the token.
 * @property {ReturnType<typeof startDelivery>} delivery
 * @property {HeldScan | null} held
 * @property {boolean} isClosed
 */

/** The words for a text that is no credential. @type {Record<OtherText["kind"], Words>} */
const OTHER_TEXTS = {
  venue: terminal.textVenue,
  sheet: terminal.textSheet,
  "sign-in": terminal.textSignIn,
  unknown: terminal.textUnknown,
};
/** Why the next scan has to wait, by the state of the last one.
 * @type {Record<HeldScan["is"], Words | null>} */
const HURDLES = { sending: terminal.waitForAnswer, undecided: terminal.decideFirst, answered: null };
const TOKEN_PROBLEMS = ["token-invalid", "role-wrong"];

/** @returns {"in" | "out"} */
function readDirection() {
  const checked = document.querySelector("input[name=direction]:checked");
  return checked instanceof HTMLInputElement && checked.value === "out" ? "out" : "in";
}

/** Shows the answer to a first scan.
 * @param {Desk} desk @param {Answer | null} answer @param {HeldScan} sent */
function showFirst(desk, answer, sent) {
  desk.held = { ...sent, is: answer === null ? "undecided" : "answered" };
  if (answer === null) {
    askToDecide();
  } else if (answer.status === 200) {
    const { id, at } = answer.body;
    desk.held.first = { id, at };
    showVerdict(answer.body, sent.scan);
  } else {
    showRefusal(scanProblemWords(answer.body.code), answer.body.hotline);
  }
}

/** Shows the answer to a check. A check that was not recorded counts as not made.
 * @param {Desk} desk @param {Answer | null} answer @param {HeldScan} sent @param {HeldScan} before */
function showChecked(desk, answer, sent, before) {
  desk.held = answer?.status === 200 ? { ...sent, is: "answered" } : before;
  if (answer?.status === 200) {
    showVerdict(answer.body, sent.scan);
  } else {
    showCheckProblem(answer === null ? terminal.checkUnsent : scanProblemWords(answer.body.code), before.scan);
  }
}

/** Sends a scan, or a scan with one more check, and shows its answer.
 * @param {Desk} desk @param {Scan} scan @param {HeldScan | null} before */
async function send(desk, scan, before) {
  const at = before?.at ?? new Date(now()).toISOString();
  const sent = { ...before, scan, at, is: /** @type {const} */ ("sending") };
  desk.held = sent;
  const authorization = `Bearer ${desk.token.token}`;
  const first = before?.first;
  const answer = await (first === undefined ? sendScan(scan, authorization) : sendChecks(scan, first, authorization));
  if (desk.isClosed || desk.held !== sent) {
    return;
  }
  if (TOKEN_PROBLEMS.includes(answer?.body.code)) {
    desk.refused();
  } else if (before === null) {
    showFirst(desk, answer, sent);
  } else {
    showChecked(desk, answer, sent, before);
  }
}

/** Checks people in, unless the last person still needs something. Returns whether it does.
 * @param {Desk} desk @param {Credential} holder @param {string[]} [companions] */
function checkIn(desk, { kind, text }, companions) {
  const hurdle = desk.held === null ? null : HURDLES[desk.held.is];
  showScanStatus(hurdle);
  if (hurdle === null) {
    showSending();
    void send(desk, { [kind]: text, direction: readDirection(), companions }, null);
  }
  return hurdle === null;
}

/** Keeps a scan that had no answer, with what the staff did. @param {Desk} desk
 * @param {"entered" | "refused"} outcome */
function decide(desk, outcome) {
  if (desk.held?.is !== "undecided") {
    return;
  }
  const { scan, at } = desk.held;
  const isKept = addLateScan(desk.token.venue, { ...scan, at, outcome });
  clearScreen();
  if (isKept) {
    showKept(outcome);
  } else {
    showRefusal(fill(terminal.queueFull, { n: QUEUED_SCANS_MAX }));
  }
  desk.delivery.show();
  desk.delivery.look();
}

/** Opens the desk of a signed-in terminal. `refused` is called once the gateway refuses the token.
 * @param {Desk["token"]} token @param {() => void} refused */
export function startDesk(token, refused) {
  /** @type {Desk} */
  const desk = { token, refused, delivery: startDelivery(token, refused), held: null, isClosed: false };
  const companions = startCompanions((group) => checkIn(desk, group.holder, group.companions));
  /** @param {Credential | OtherText} scanned */
  const take = (scanned) => {
    if (!("text" in scanned)) {
      showScanStatus(OTHER_TEXTS[scanned.kind]);
    } else if (companions.isOpen()) {
      showScanStatus(null);
      companions.add(scanned);
    } else {
      checkIn(desk, scanned);
    }
  };
  const camera = startCamera((text) => take(readScanned(text)));
  startSignals();
  startScreen(() => {
    desk.held = null;
  });
  startScanField({ take, finish: companions.finish });
  startDoorChecks((work) => {
    if (desk.held?.is === "answered") {
      void send(desk, { ...desk.held.scan, ...work }, desk.held);
    }
  });
  findElement("direction").addEventListener("change", camera.forget);
  findElement("entered").addEventListener("click", () => decide(desk, "entered"));
  findElement("refused").addEventListener("click", () => decide(desk, "refused"));
  focusScanField();
  return {
    close() {
      desk.isClosed = true;
      clearScreen();
      camera.stop();
      desk.delivery.stop();
    },
  };
}
