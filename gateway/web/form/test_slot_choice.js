// The choices of a booking: test sites, days, and the times with the free places at each.

import { findElement, findSelect, makeWords, setOptions, setWords } from "../lib/element.js";
import { makeLoader } from "../lib/loader.js";
import { readPublic } from "../lib/resident_api.js";
import { emptyLists, freeSlotWords, joinWords, placeholders, status } from "../lib/words.js";

/** @typedef {object} Site
 * @property {string} site
 * @property {string} name
 * @property {string} district
 * @property {string} address
 * @property {string} opens
 * @property {string} closes
 */

/** The latest list of open test sites. @type {Site[]} */
let sites = [];

/** A site's name, after its district. @param {{district: string, name: string}} site */
export function formatSite({ district, name }) {
  return `${district} ${name}`;
}

/** A slot's start and end, in the city's local time. @param {{from: string, to: string}} slot */
export function formatSlot({ from, to }) {
  return `${from}–${to}`;
}

/** @param {string} day */
export function formatDay(day) {
  const date = new Date(day);
  /** @type {Intl.DateTimeFormatOptions} */
  const weekday = { weekday: "short", timeZone: "UTC" };
  const chinese = date.toLocaleDateString("zh-CN", { month: "short", day: "numeric", ...weekday });
  return joinWords([chinese, date.toLocaleDateString("en-GB", weekday)]);
}

function findChosenSite() {
  return sites.find(({ site }) => site === findSelect("site").value);
}

function slotsPath() {
  const [site, day] = [findSelect("site").value, findSelect("day").value];
  return site === "" || day === "" ? null : `/v1/test-sites/${site}/slots?day=${day}`;
}

/** The chosen slot, in the shape of the request. */
export function readChosenSlot() {
  return { site: findSelect("site").value, at: findSelect("slot").value };
}

function updateDistricts() {
  const districts = [...new Set(sites.map(({ district }) => district))];
  const options = districts.map((name) => new Option(name, name));
  setOptions("district", [new Option(joinWords(placeholders.district), ""), ...options]);
}

function updateSites() {
  const district = findSelect("district").value;
  const near = sites.filter((one) => district === "" || one.district === district);
  const options = near.map((one) => new Option(formatSite(one), one.site));
  setOptions("site", [new Option(joinWords(placeholders.site), ""), ...options]);
}

/** @param {any} body */
function showSites({ test_sites, days }) {
  sites = test_sites;
  updateDistricts();
  updateSites();
  setOptions("day", days.map((/** @type {string} */ day) => new Option(formatDay(day), day)));
  if (sites.length === 0) {
    setWords(findElement("sites-status"), emptyLists.sites);
  }
}

function showAbout() {
  const site = findChosenSite();
  const about = site === undefined ? makeWords(placeholders.about) : `${site.address} · ${site.opens}–${site.closes}`;
  findElement("site-about").replaceChildren(about);
}

/** @param {HTMLOptionElement[]} options */
function updateSlots(options) {
  setOptions("slot", [new Option(joinWords(placeholders.slot), ""), ...options]);
}

/** @param {{at: string, from: string, to: string, free: number}} slot */
function slotOption({ at, from, to, free }) {
  const option = new Option(`${formatSlot({ from, to })} · ${joinWords(freeSlotWords(free))}`, at);
  option.disabled = free === 0;
  return option;
}

/** @param {any} body */
function showSlots({ slots }) {
  updateSlots(slots.map(slotOption));
  if (slots.every((/** @type {any} */ { free }) => free === 0)) {
    setWords(findElement("slots-status"), emptyLists.slots);
  }
}

/** Connects the choices. Returns what reloads them. */
export function prepareTestSlotChoice() {
  const loadSlots = makeLoader({
    line: findElement("slots-status"),
    chosen: slotsPath,
    read: (retrying, path) => readPublic(path, retrying),
    show: showSlots,
    clear: () => updateSlots([]),
  });
  const follow = () => {
    showAbout();
    void loadSlots();
  };
  const loadSites = makeLoader({
    line: findElement("sites-status"),
    chosen: () => "/v1/test-sites",
    read: (retrying, path) => readPublic(path, retrying),
    show: (body) => {
      showSites(body);
      follow();
    },
  });
  findSelect("district").addEventListener("change", () => {
    updateSites();
    follow();
  });
  for (const id of ["site", "day"]) {
    findSelect(id).addEventListener("change", follow);
  }
  return { loadSites, loadSlots };
}
