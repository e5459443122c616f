// Reads QR codes in pictures of the camera: by the browser where it can, else by a library. The library is
// loaded with the camera, so a terminal with a USB scanner never loads it.

/** @typedef {(picture: HTMLVideoElement) => Promise<string | null>} QrReader Null if it finds no code. */

/** The longest side of a picture that the library searches. A larger one takes longer and finds no more.
 * **Units**: pixels. */
const SIDE_MAX = 800;

/** The browser's own reader, or null. @returns {Promise<QrReader | null>} */
async function makeNativeReader() {
  const { BarcodeDetector } = /** @type {any} */ (globalThis);
  // A phone without its maker's services has the interface, and no format.
  const formats = (await BarcodeDetector?.getSupportedFormats?.()) ?? [];
  if (!formats.includes("qr_code")) {
    return null;
  }
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (picture) => (await detector.detect(picture))[0]?.rawValue ?? null;
}

/** @returns {Promise<QrReader>} */
async function makeLibraryReader() {
  const { decodeQR } = await import("../../node_modules/qr/decode.js");
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) {
    throw new Error("this browser has no 2D canvas");
  }
  return async (picture) => {
    const { videoWidth, videoHeight } = picture;
    const scale = Math.min(1, SIDE_MAX / Math.max(videoWidth, videoHeight));
    canvas.width = Math.round(videoWidth * scale);
    canvas.height = Math.round(videoHeight * scale);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    try {
      return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height));
    } catch {
      // The library throws where it finds no code.
      return null;
    }
  };
}

/** Fails if neither the browser nor the library can read codes. */
export async function makeQrReader() {
  return (await makeNativeReader()) ?? makeLibraryReader();
}
