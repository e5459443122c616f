// Times by the city's clocks, whatever the zone of the phone or computer is.

import { readCity } from "./city.js";

let zone = readCity()?.zone ?? "Asia/Shanghai";
/** Four digits of a year, month, day, hour and minute, as `datetime-local` inputs have them. */
const INPUT_CHARS = "2022-01-04T08:00".length;

/** Sets the city's zone. @param {string} name Its name in the IANA database. */
export function useZone(name) {
  zone = name;
}

/** A time by the city's clocks: `2022-01-04 08:00:00`. @param {string | number} at A server's time, or
 * milliseconds since 1970. */
export function formatTime(at) {
  // Swedish writes dates as ISO 8601 does.
  return new Date(at).toLocaleString("sv-SE", { timeZone: zone });
}

/** A day and a time as the city writes them: `2022/1/4 08:00:00`. @param {string | number} at */
export function formatDayAndTime(at) {
  return new Date(at).toLocaleString("zh-CN", { timeZone: zone });
}

/** A time of day as the city writes it: `08:00:00`. @param {string | number} at */
export function formatTimeOfDay(at) {
  return new Date(at).toLocaleTimeString("zh-CN", { timeZone: zone });
}

/** How far the city's clocks are ahead of UTC. @param {number} ms */
function aheadMs(ms) {
  return Date.parse(`${formatTime(ms).replace(" ", "T")}Z`) - Math.floor(ms / 1000) * 1000;
}

/** The value of a `datetime-local` input. @param {number} ms */
export function toInput(ms) {
  return formatTime(ms).replace(" ", "T").slice(0, INPUT_CHARS);
}

/** The time of a `datetime-local` input. **Units**: milliseconds since 1970. @param {string} value */
export function fromInput(value) {
  const asUtc = Date.parse(`${value}Z`);
  // The second look corrects an hour in which the clocks change.
  return asUtc - aheadMs(asUtc - aheadMs(asUtc));
}

/** A length of time: `1:05:00` are an hour and five minutes. @param {number} seconds */
export function formatSpan(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const twoDigits = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${hours}:${twoDigits(minutes)}:${twoDigits(rest)}`;
}
