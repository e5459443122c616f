// A group: staff scan several codes, then one request checks all of these people in. The page counts them and
// shows no names, because only the gateway knows them.

import { findElement } from "../../lib/element.js";
import { fill, terminal } from "../../lib/words.js";
import { showLine } from "../status_line.js";

/** @typedef {import("../../lib/words.js").Words} Words */
/** @typedef {import("./scanned_text.js").Credential} Credential */
/** @typedef {{holder: Credential, companions: string[]}} Group The first one, and the codes of the others. */

/** Companions of one request. */
const COMPANIONS_MAX = 8;

/** Prepares the buttons. `check` checks a finished group in, or returns false if the group has to wait.
 * @param {(group: Group) => boolean} check */
export function startCompanions(check) {
  let isOpen = false;
  /** @type {Group | null} */
  let group = null;

  /** @param {boolean} opened */
  const reset = (opened) => {
    [isOpen, group] = [opened, null];
    findElement("group").setAttribute("aria-pressed", String(opened));
    findElement("group-actions").hidden = !opened;
    showLine("group-status", opened ? terminal.groupOpen : null);
  };
  /** Why a code cannot be a companion's, or null. @param {Credential} scanned @returns {Words | null} */
  const problemOf = ({ kind, text }) => {
    if (group === null) {
      return null;
    }
    if (text === group.holder.text || group.companions.includes(text)) {
      return terminal.groupRepeated;
    }
    if (kind !== "person") {
      return terminal.groupCodesOnly;
    }
    return group.companions.length < COMPANIONS_MAX ? null : fill(terminal.groupFull, { n: COMPANIONS_MAX });
  };
  const finish = () => {
    if (group !== null && check(group)) {
      reset(false);
    }
  };

  findElement("group").addEventListener("click", () => reset(!isOpen));
  findElement("group-finish").addEventListener("click", finish);
  findElement("group-cancel").addEventListener("click", () => reset(false));
  return {
    isOpen: () => isOpen,
    finish,
    /** Adds a code, and reports how many there are. @param {Credential} scanned */
    add(scanned) {
      const problem = problemOf(scanned);
      if (problem === null) {
        const companions = group === null ? [] : [...group.companions, scanned.text];
        group = { holder: group?.holder ?? scanned, companions };
      }
      const count = fill(terminal.groupCount, { n: 1 + (group?.companions.length ?? 0) });
      showLine("group-status", problem === null ? count : [`${problem[0]} ${count[0]}`, `${problem[1]} ${count[1]}`]);
    },
  };
}
