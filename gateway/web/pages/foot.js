// The foot of every page: the chosen view, and the city's hotline. The hotline is stored, so that a page
// without a connection shows it, and read again after a day. The link beside it needs no script.

import { now } from "../lib/clock.js";
import { findElement, makeHotlineLink } from "../lib/element.js";
import { sendOnce } from "../lib/http.js";
import { markStarted } from "../lib/started.js";
import { prepareView } from "../lib/view.js";

const PLACE = "scangate-hotline";
const DAY_MS = 86_400_000;

/** The stored hotline, with the time at which it was read.
 * @returns {{hotline: string, readAtMs: number} | null} */
function readStored() {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? "null");
    return typeof found?.hotline === "string" && Number.isFinite(found.readAtMs) ? found : null;
  } catch {
    return null;
  }
}

/** @param {string} hotline */
function show(hotline) {
  findElement("foot-hotline").replaceChildren(...(hotline === "" ? [] : [makeHotlineLink(hotline)]));
}

async function readAgain() {
  const answer = await sendOnce("/v1/registration");
  if (answer?.status === 200) {
    const { hotline } = answer.body;
    localStorage.setItem(PLACE, JSON.stringify({ hotline, readAtMs: now() }));
    show(hotline);
  }
}

prepareView();
markStarted();
const stored = readStored();
show(stored?.hotline ?? "");
if (stored === null || now() - stored.readAtMs >= DAY_MS) {
  void readAgain();
}
