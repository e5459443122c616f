// The staff's terminal at a door. The sign-in link brings the token; without a valid one the page asks for a
// new link, and keeps what waits in the offline queue.

import { formatDayAndTime } from "../lib/city_time.js";
import { now } from "../lib/clock.js";
import { findElement, makeLine, makeWords, setText, setWords } from "../lib/element.js";
import { sendOnce } from "../lib/http.js";
import { registerServiceWorker } from "../lib/service_worker.js";
import { forgetToken, reloadOnNewLink, takeToken } from "../lib/staff_token.js";
import { markStarted } from "../lib/started.js";
import { prepareView } from "../lib/view.js";
import { fill, terminal } from "../lib/words.js";
import { startDesk } from "./desk.js";

/** @typedef {import("../lib/words.js").Words} Words */
/** @typedef {import("../lib/staff_token.js").StaffToken} StaffToken */

/** The pause between two looks at the end of the token. **Units**: milliseconds. */
const TOKEN_PAUSE_MS = 5_000;

/** Closes the desk, and says what to do. @param {Words} words */
function signOut(words) {
  forgetToken(localStorage);
  document.body.dataset.state = "signed-out";
  findElement("desk").hidden = true;
  const line = findElement("sign-in");
  line.hidden = false;
  setWords(line, words);
  line.tabIndex = -1;
  line.focus();
}

/** @param {StaffToken} token */
function showToken({ venue, door, subject, endsAtMs }) {
  const doors = door === null ? [] : [makeWords(fill(terminal.door, { n: door }))];
  setText("venue-name", venue ?? "");
  findElement("post").replaceChildren(makeLine([...doors, subject], " · "));
  setText("ends-at", formatDayAndTime(endsAtMs));
  findElement("ends-at").setAttribute("datetime", new Date(endsAtMs).toISOString());
}

/** Why a token cannot be used, or null. @param {StaffToken | null} token @returns {Words | null} */
function problemOf(token) {
  if (token === null) {
    return terminal.askLink;
  }
  if (token.role !== "terminal" || token.venue === null) {
    return terminal.otherRole;
  }
  return token.endsAtMs > now() ? null : terminal.tokenEnded;
}

/** @param {StaffToken & {venue: string}} token */
function openDesk(token) {
  findElement("sign-in").hidden = true;
  findElement("desk").hidden = false;
  showToken(token);
  const timer = setInterval(() => token.endsAtMs <= now() && close(terminal.tokenEnded), TOKEN_PAUSE_MS);
  /** @param {Words} words */
  const close = (words) => {
    clearInterval(timer);
    desk.close();
    signOut(words);
  };
  // The answer's date sets the clock by which scans without a link are dated.
  void sendOnce("/v1/notices");
  const desk = startDesk(token, () => close(terminal.tokenRefused));
  findElement("sign-out").addEventListener("click", () => close(terminal.askLink));
}

const token = takeToken(localStorage);
const problem = problemOf(token);
reloadOnNewLink();
if (problem === null) {
  openDesk(/** @type {StaffToken & {venue: string}} */ (token));
} else {
  signOut(problem);
}
prepareView();
markStarted();
window.addEventListener("load", () => registerServiceWorker("/staff/worker.js"));
