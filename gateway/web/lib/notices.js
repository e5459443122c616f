// The authority's notices, as the overview and the check-in page show them.

import { makeElement, makeTime, showList } from "./element.js";

/** @typedef {{notice: string, at: string, zh: string, en: string, until: string | null}} Notice */

/** Shows notices in a list. @param {string} list The list's id. @param {Notice[]} notices */
export function showNotices(list, notices) {
  showList(
    list,
    notices.map(({ zh, en, at }) => [zh, makeElement("small", en), makeElement("small", makeTime(at))]),
  );
}
