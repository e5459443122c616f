// Where tests are taken, on which days, and how many places are left at which times: what a booking is chosen from.

import { element, offer, say, select, word } from "../lib/element.js";
import { prepareLoad } from "../lib/loader.js";
import { readPublic } from "../lib/resident_api.js";
import { both, places, unchosen, without } from "../lib/words.js";

/** @typedef {object} Site
 * @property {string} site
 * @property {string} name
 * @property {string} district
 * @property {string} address
 * @property {string} opens
 * @property {string} closes
 */

/** As the city named them last. @type {Site[]} */
let sites = [];

/** What a site is called. @param {{district: string, name: string}} site */
export function siteName({ district, name }) {
  return `${district} ${name}`;
}

/** From when to when, by the city's clocks. @param {{from: string, to: string}} slot */
export function timeSpan({ from, to }) {
  return `${from}–${to}`;
}

/** @param {string} day */
export function dayWords(day) {
  const date = new Date(day);
  /** @type {Intl.DateTimeFormatOptions} */
  const weekday = { weekday: "short", timeZone: "UTC" };
  const chinese = date.toLocaleDateString("zh-CN", { month: "short", day: "numeric", ...weekday });
  return both([chinese, date.toLocaleDateString("en-GB", weekday)]);
}

function chosenSite() {
  return sites.find(({ site }) => site === select("site").value);
}

function slotsPath() {
  const [site, day] = [select("site").value, select("day").value];
  return site === "" || day === "" ? null : `/v1/test-sites/${site}/slots?day=${day}`;
}

/** What is chosen, as it is sent. */
export function chosenSlot() {
  return { site: select("site").value, at: select("slot").value };
}

function offerDistricts() {
  const districts = [...new Set(sites.map(({ district }) => district))];
  offer("district", [new Option(both(unchosen.district), ""), ...districts.map((name) => new Option(name, name))]);
}

function offerSites() {
  const district = select("district").value;
  const near = sites.filter((one) => district === "" || one.district === district);
  offer("site", [new Option(both(unchosen.site), ""), ...near.map((one) => new Option(siteName(one), one.site))]);
}

/** @param {any} body */
function showSites({ test_sites, days }) {
  sites = test_sites;
  offerDistricts();
  offerSites();
  offer("day", days.map((/** @type {string} */ day) => new Option(dayWords(day), day)));
  if (sites.length === 0) {
    word(element("sites-status"), without.sites);
  }
}

function showAbout() {
  const site = chosenSite();
  say("site-about", site === undefined ? both(unchosen.about) : `${site.address} · ${site.opens}–${site.closes}`);
}

/** @param {HTMLOptionElement[]} options */
function offerSlots(options) {
  offer("slot", [new Option(both(unchosen.slot), ""), ...options]);
}

/** @param {{at: string, from: string, to: string, free: number}} slot */
function slotOption({ at, from, to, free }) {
  const option = new Option(`${timeSpan({ from, to })} · ${both(places(free))}`, at);
  option.disabled = free === 0;
  return option;
}

/** @param {any} body */
function showSlots({ slots }) {
  offerSlots(slots.map(slotOption));
  if (slots.every((/** @type {any} */ { free }) => free === 0)) {
    word(element("slots-status"), without.slots);
  }
}

/** Makes the choices work. */
export function prepareTestSites() {
  const loadSlots = prepareLoad({
    line: element("slots-status"),
    chosen: slotsPath,
    read: (retrying, path) => readPublic(path, retrying),
    show: showSlots,
    clear: () => offerSlots([]),
  });
  const follow = () => {
    showAbout();
    void loadSlots();
  };
  const loadSites = prepareLoad({
    line: element("sites-status"),
    chosen: () => "/v1/test-sites",
    read: (retrying, path) => readPublic(path, retrying),
    show: (body) => {
      showSites(body);
      follow();
    },
  });
  select("district").addEventListener("change", () => {
    offerSites();
    follow();
  });
  for (const id of ["site", "day"]) {
    select(id).addEventListener("change", follow);
  }
  return { loadSites, loadSlots };
}
