// Why the gateway did not record a scan, in words for the staff.

import { terminalProblems } from "../lib/words.js";

/** @param {string} code The problem's code. @returns {import("../lib/words.js").Words} */
export function scanProblemWords(code) {
  return terminalProblems[code] ?? terminalProblems.malformed ?? ["", ""];
}
