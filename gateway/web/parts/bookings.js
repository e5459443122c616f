// Places at test sites: booked for oneself or one of the family, shown, and given back.

import { action, prepareForm } from "../form/actions.js";
import { nameWhenOpened, pathFor } from "../form/person_choice.js";
import { chosenSlot, dayWords, prepareTestSites, siteName, timeSpan } from "../form/test_slot_choice.js";
import { preparePart, whenOpened } from "../lib/collapsible.js";
import { element, list, make, select, terms } from "../lib/element.js";
import { act, read } from "../lib/resident_api.js";
import { labels, problemOf, without } from "../lib/words.js";

/** @typedef {import("../lib/loader.js").Load} Load */
/** @typedef {(done: import("../lib/words.js").Words) => Promise<void>} GivenBack Shows what has changed. */

/** Where the bookings are of whom the form is for. */
function bookingsPath() {
  return pathFor("booked", "/bookings");
}

/** @param {string} path @param {GivenBack} givenBack */
function cancelling(path, givenBack) {
  return action(["取消预约", "Cancel"], async (retrying) => {
    const answer = await act("DELETE", path, undefined, retrying);
    // A try that got no answer may have done it.
    if (answer.status !== 204 && answer.status !== 404) {
      return problemOf(answer);
    }
    await givenBack(["已取消", "Cancelled"]);
    return ["已取消", "Cancelled"];
  });
}

/** @param {any} booking @param {string} path Where it is. @param {GivenBack} givenBack */
function entry(booking, path, givenBack) {
  const about = terms([
    [labels.at, `${dayWords(booking.day)} ${timeSpan(booking)}`],
    [labels.address, booking.address],
  ]);
  return [make("strong", siteName(booking)), about, cancelling(path, givenBack)];
}

/** Makes the part work. */
export function prepareBookings() {
  const { loadSites, loadSlots } = prepareTestSites();
  /** @type {GivenBack} */
  const givenBack = async (done) => {
    void loadSlots();
    await load(done);
  };
  const load = preparePart(
    "bookings",
    (retrying, path) => read(path, retrying),
    ({ bookings }, path) => {
      const entries = bookings.map((/** @type {any} */ one) => entry(one, `${path}/${one.day}`, givenBack));
      list("bookings-list", entries, without.bookings);
    },
    { chosen: bookingsPath, clear: () => element("bookings-list").replaceChildren() },
  );
  /** What is not as shown any more, by problem code. @type {Record<string, Load>} */
  const outdated = { "fully-booked": loadSlots, "booked-already": load, "not-found": loadSites };
  nameWhenOpened("bookings");
  whenOpened("bookings", loadSites);
  select("booked").addEventListener("change", () => void load());
  prepareForm("booking-form", async (retrying) => {
    const answer = await act("POST", bookingsPath(), chosenSlot(), retrying);
    if (answer.status !== 200) {
      void outdated[answer.body.code]?.();
      return problemOf(answer);
    }
    void load();
    void loadSlots();
    return ["已预约，请按时前往", "Booked: be there in time"];
  });
}
