// The checks that staff make at the door, each a button. Each completes the check-in that is shown.

import { findElement, findInput } from "../../lib/element.js";
import { terminal } from "../../lib/words.js";
import { showLine } from "../status_line.js";

/** The checks that were made, as a scan has them.
 * @typedef {{temperature?: number, document_shown?: true, full_check?: true}} DoorWork */

const TEMPERATURE_MIN = 30;
const TEMPERATURE_MAX = 45;

/** A temperature in degrees, or null if the text is none. @param {string} text */
function readTemperature(text) {
  const degrees = /^\d{2}([.,]\d{1,2})?$/.test(text.trim()) ? Number(text.trim().replace(",", ".")) : NaN;
  return degrees >= TEMPERATURE_MIN && degrees <= TEMPERATURE_MAX ? degrees : null;
}

/** Shows the buttons, with those checks pressed that were made. @param {DoorWork} work */
export function showDoorChecks(work) {
  findElement("checks").hidden = false;
  findInput("temperature").value = work.temperature === undefined ? "" : String(work.temperature);
  findElement("document-shown").setAttribute("aria-pressed", String(work.document_shown === true));
  findElement("full-check").setAttribute("aria-pressed", String(work.full_check === true));
  showLine("checks-status", null);
}

/** Hides the buttons, and removes what was measured. */
export function hideDoorChecks() {
  findElement("checks").hidden = true;
  findInput("temperature").value = "";
}

/** Prepares the buttons. `add` gets each check that is made. @param {(work: DoorWork) => void} add */
export function startDoorChecks(add) {
  findElement("checks").addEventListener("submit", (event) => {
    event.preventDefault();
    const temperature = readTemperature(findInput("temperature").value);
    if (temperature === null) {
      showLine("checks-status", terminal.temperatureWrong);
      findInput("temperature").focus();
    } else {
      add({ temperature });
    }
  });
  findElement("document-shown").addEventListener("click", () => add({ document_shown: true }));
  findElement("full-check").addEventListener("click", () => add({ full_check: true }));
}
