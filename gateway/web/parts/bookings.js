// Bookings at test sites, for the resident or a dependant: makes, lists and cancels them.

import { handleSubmit, makeActionButton } from "../form/actions.js";
import { loadFamilyWhenOpened, pathOfChosenPerson } from "../form/person_choice.js";
import { formatDay, formatSite, formatSlot, prepareTestSlotChoice, readChosenSlot } from "../form/test_slot_choice.js";
import { prepareLoadedPart, whenOpened } from "./collapsible.js";
import { findElement, findSelect, makeDefinitions, makeElement, showList } from "../lib/element.js";
import { changeOwn, readOwn } from "../lib/resident_api.js";
import { emptyLists, labels, problemWords, resident } from "../lib/words.js";

/** @typedef {import("../lib/loader.js").Reload} Reload */
/** Reloads the lists that a cancellation changed.
 * @typedef {(done: import("../lib/words.js").Words) => Promise<void>} OnCancelled */

/** The path of the chosen person's bookings. */
function bookingsPath() {
  return pathOfChosenPerson("booked", "/bookings");
}

/** @param {string} path @param {OnCancelled} onCancelled */
function makeCancelButton(path, onCancelled) {
  return makeActionButton(resident.cancelBooking, async (retrying) => {
    const answer = await changeOwn("DELETE", path, undefined, retrying);
    // Not found: an earlier try, whose answer was lost, may have cancelled it.
    if (answer.status !== 204 && answer.status !== 404) {
      return problemWords(answer);
    }
    await onCancelled(resident.cancelled);
    return resident.cancelled;
  });
}

/** @param {any} booking @param {string} path The booking's path. @param {OnCancelled} onCancelled */
function formatBooking(booking, path, onCancelled) {
  const about = makeDefinitions([
    [labels.at, `${formatDay(booking.day)} ${formatSlot(booking)}`],
    [labels.address, booking.address],
  ]);
  return [makeElement("strong", formatSite(booking)), about, makeCancelButton(path, onCancelled)];
}

/** Prepares this part of the page. */
export function prepareBookings() {
  const { loadSites, loadSlots } = prepareTestSlotChoice();
  /** @type {OnCancelled} */
  const onCancelled = async (done) => {
    void loadSlots();
    await load(done);
  };
  const load = prepareLoadedPart(
    "bookings",
    (retrying, path) => readOwn(path, retrying),
    ({ bookings }, path) => {
      const entries = bookings.map((/** @type {any} */ one) => formatBooking(one, `${path}/${one.day}`, onCancelled));
      showList("bookings-list", entries, emptyLists.bookings);
    },
    { chosen: bookingsPath, clear: () => findElement("bookings-list").replaceChildren() },
  );
  /** Reloads the list that a refusal shows to be outdated, by problem code. @type {Record<string, Reload>} */
  const outdated = { "fully-booked": loadSlots, "booked-already": load, "not-found": loadSites };
  loadFamilyWhenOpened("bookings");
  whenOpened("bookings", loadSites);
  findSelect("booked").addEventListener("change", () => void load());
  handleSubmit("booking-form", async (retrying) => {
    const answer = await changeOwn("POST", bookingsPath(), readChosenSlot(), retrying);
    if (answer.status !== 200) {
      void outdated[answer.body.code]?.();
      return problemWords(answer);
    }
    void load();
    void loadSlots();
    return resident.booked;
  });
}
