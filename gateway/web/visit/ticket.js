// The ticket for a door's code. The code expires within a minute, and a resident who registers first takes
// longer. The ticket stands for it for ten minutes, in this tab.

import { now } from "../lib/clock.js";

/** A ticket, with the code that it stands for.
 * @typedef {{code: string, venue: string, expires: string}} Ticket */

const PLACE = "scangate-ticket";
/** The ticket of this page, also where the browser stores nothing. @type {Ticket | null} */
let held = null;

/** @returns {Ticket | null} */
function readTicket() {
  try {
    return held ?? JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  } catch {
    return null;
  }
}

/** Keeps the ticket for the code with which the page was opened. @param {Ticket} ticket */
export function saveTicket(ticket) {
  held = ticket;
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(ticket));
  } catch {
    // Without storage a reload loses the ticket.
  }
}

/** What stands for a venue's code now: its ticket, or the code itself. @param {string} code */
export function currentVenueCode(code) {
  const ticket = readTicket();
  return ticket?.code === code && Date.parse(ticket.expires) > now() ? ticket.venue : code;
}
