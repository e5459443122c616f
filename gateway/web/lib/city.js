// The city as pages know it: its hotline, time zone, name and mark. It is stored, so that a page without
// a connection shows it, and read again after a day.

import { now } from "./clock.js";
import { sendOnce } from "./http.js";

/** @typedef {{hotline: string, zone: string, zh: string, en: string, mark: string, readAtMs: number}} City */

const PLACE = "scangate-city";
const DAY_MS = 86_400_000;

/** The city as it was read last, or null. @returns {City | null} */
export function readCity() {
  try {
    const found = JSON.parse(localStorage.getItem(PLACE) ?? "null");
    const texts = [found?.hotline, found?.zone, found?.zh, found?.en, found?.mark];
    return texts.every((text) => typeof text === "string") && Number.isFinite(found.readAtMs) ? found : null;
  } catch {
    return null;
  }
}

/** Reads the city from the gateway where the stored one is missing or a day old. Null if there is
 * nothing new. @returns {Promise<City | null>} */
export async function refreshCity() {
  const stored = readCity();
  if (stored !== null && now() - stored.readAtMs < DAY_MS) {
    return null;
  }
  const answer = await sendOnce("/v1/registration");
  if (answer?.status !== 200) {
    return null;
  }
  const { hotline, time_zone: zone, city } = answer.body;
  const { zh = "", en = "", mark = "" } = city;
  const read = { hotline, zone, zh, en, mark, readAtMs: now() };
  try {
    localStorage.setItem(PLACE, JSON.stringify(read));
  } catch {
    // Without storage each page reads it.
  }
  return read;
}
