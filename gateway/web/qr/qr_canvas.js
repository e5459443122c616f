// Draws a QR code: dark on white in every colour scheme, with the quiet zone that scanners need.

import { encodeModules } from "./qr_code.js";

/** The quiet zone. **Units**: modules. Source: ISO/IEC 18004, 5.3.8. */
const MARGIN = 4;
/** Pixels of a module. A whole number keeps edges sharp. The style sheet scales the picture to the screen. */
const MODULE_PX = 10;

/** Draws the modules of a code.
 * @param {HTMLCanvasElement} canvas @param {(boolean | undefined)[][]} modules Rows, true where dark. */
export function drawModules(canvas, modules) {
  const side = (modules.length + 2 * MARGIN) * MODULE_PX;
  canvas.width = side;
  canvas.height = side;
  const pen = canvas.getContext("2d");
  if (pen === null) {
    throw new Error("this browser has no 2D canvas");
  }
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "#000";
  modules.forEach((line, row) =>
    line.forEach((isDark, column) => {
      if (isDark) {
        pen.fillRect((column + MARGIN) * MODULE_PX, (row + MARGIN) * MODULE_PX, MODULE_PX, MODULE_PX);
      }
    }),
  );
}

/** Draws a text's code. @param {HTMLCanvasElement} canvas @param {string} text */
export function drawQrCode(canvas, text) {
  drawModules(canvas, encodeModules(text));
}
