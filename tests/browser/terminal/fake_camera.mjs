// A film for Chromium's fake camera: a QR code that stands still, as uncompressed video (YUV4MPEG2).

import { writeFileSync } from "node:fs";
import { encodeModules } from "../../../gateway/web/qr/qr_code.js";

const [WIDTH, HEIGHT] = [640, 480];
const MODULE_PX = 12;
const [DARK, LIGHT, NO_COLOUR] = [16, 235, 128];
const FRAMES = 10;

/** The arguments with which Chromium takes a film for its camera, and asks nobody. */
export function cameraArguments(file) {
  const flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
  return [...flags, `--use-file-for-fake-video-capture=${file}`];
}

/** The brightness of the pixels, with a text's code in the middle; without one, a white wall. */
function drawBrightness(text) {
  const pixels = Buffer.alloc(WIDTH * HEIGHT, LIGHT);
  const modules = text === null ? [] : encodeModules(text);
  const side = modules.length * MODULE_PX;
  const [left, top] = [(WIDTH - side) >> 1, (HEIGHT - side) >> 1];
  for (let row = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1) {
      if (modules[Math.floor(row / MODULE_PX)][Math.floor(column / MODULE_PX)]) {
        pixels[(top + row) * WIDTH + left + column] = DARK;
      }
    }
  }
  return pixels;
}

/** Writes a film that shows a text's code, or nothing. Chromium reads it when the camera is switched on. */
export function writeFilm(file, text) {
  const colours = Buffer.alloc((WIDTH * HEIGHT) / 2, NO_COLOUR);
  const frame = Buffer.concat([Buffer.from("FRAME\n"), drawBrightness(text), colours]);
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`);
  writeFileSync(file, Buffer.concat([head, ...new Array(FRAMES).fill(frame)]));
}
