// A QR code drawn: dark on white whatever the page's colours are, with the quiet margin that readers need.

import { SIDE, encodeModules } from "./qr_code.js";

/** Modules. Source: ISO/IEC 18004, 5.3.8. */
const MARGIN = 4;
/** Pixels of a module. A whole number keeps edges sharp; the style sheet fits the picture to the screen. */
const MODULE_PX = 10;

/** @param {HTMLCanvasElement} canvas @param {string} text */
export function drawQrCode(canvas, text) {
  const side = (SIDE + 2 * MARGIN) * MODULE_PX;
  canvas.width = side;
  canvas.height = side;
  const pen = canvas.getContext("2d");
  if (pen === null) {
    throw new Error("this browser draws nothing");
  }
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, side, side);
  pen.fillStyle = "#000";
  encodeModules(text).forEach((modules, row) =>
    modules.forEach((isDark, column) => {
      if (isDark) {
        pen.fillRect((column + MARGIN) * MODULE_PX, (row + MARGIN) * MODULE_PX, MODULE_PX, MODULE_PX);
      }
    }),
  );
}
