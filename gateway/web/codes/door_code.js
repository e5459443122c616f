// Door codes, made by the screen at a door from the door's key.

import { idBytes, sealCode, stepBytes } from "./sealed_code.js";

/** @typedef {{venue: string, door: number, kid: number, key: string}} DoorKey */

/** @type {import("./sealed_code.js").CodeKind} */
const DOOR_CODE = { version: 0x12, domain: new TextEncoder().encode("scangate door code") };

/** The code that a door's screen shows during a step. @param {DoorKey} doorKey @param {number} step */
export function makeDoorCode(doorKey, step) {
  const door = new Uint8Array([doorKey.door >> 8, doorKey.door & 0xff]);
  return sealCode(DOOR_CODE, doorKey, idBytes(doorKey.venue), door, stepBytes(step));
}
