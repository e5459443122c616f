// The sound and the vibration of a verdict. Each has a pattern of its own. The sound can be switched off, and
// the terminal remembers that.

import { findInput } from "../../lib/element.js";

/** @typedef {"pass" | "check" | "refuse"} Signal */
/** Tones in turn: pitch in hertz, length in milliseconds. @typedef {[number, number][]} Tones */

/** A high tone, two in the middle, three that fall: they differ in number, pitch and length.
 * @type {Record<Signal, Tones>} */
const TONES = {
  pass: [[1320, 160]],
  check: [[660, 200], [660, 200]],
  refuse: [[440, 250], [330, 250], [220, 500]],
};
/** Vibration, pause, vibration. **Units**: milliseconds. @type {Record<Signal, number[]>} */
const VIBRATIONS = { pass: [120], check: [120, 120, 120], refuse: [500, 150, 500] };
const PAUSE_S = 0.08;
const LOUDNESS = 0.4;
const PLACE = "scangate-terminal-sound";

/** @type {AudioContext | null} */
let audio = null;

/** Browsers allow sound after a key or a touch. */
function allowSound() {
  audio ??= typeof AudioContext === "undefined" ? null : new AudioContext();
  void audio?.resume();
}

/** Prepares the switch for the sound. */
export function startSignals() {
  const sound = findInput("sound");
  sound.checked = localStorage.getItem(PLACE) !== "off";
  sound.addEventListener("change", () => localStorage.setItem(PLACE, sound.checked ? "on" : "off"));
  document.addEventListener("keydown", allowSound);
  document.addEventListener("pointerdown", allowSound);
}

/** @param {AudioContext} context @param {Tones} tones */
function play(context, tones) {
  let at = context.currentTime;
  for (const [pitch, lengthMs] of tones) {
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = pitch;
    volume.gain.value = LOUDNESS;
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + lengthMs / 1_000);
    at += lengthMs / 1_000 + PAUSE_S;
  }
}

/** Gives a signal. @param {Signal} signal */
export function giveSignal(signal) {
  if (findInput("sound").checked && audio !== null) {
    play(audio, TONES[signal]);
  }
  navigator.vibrate?.(VIBRATIONS[signal]);
}
