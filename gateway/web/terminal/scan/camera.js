// The camera, which reads codes until it is switched off. A camera that does not work explains itself in
// words, and the scanner and the field go on.

import { findElement } from "../../lib/element.js";
import { pause } from "../../lib/http.js";
import { terminal } from "../../lib/words.js";
import { showLine } from "../status_line.js";
import { makeQrReader } from "./qr_reader.js";

/** @typedef {import("../../lib/words.js").Words} Words */

/** The pause between two pictures. **Units**: milliseconds. */
const PICTURE_PAUSE_MS = 150;
/** A code counts again after pictures were without it for this long. **Units**: milliseconds. */
const OUT_OF_SIGHT_MS = 3_000;
const PICTURE = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };

/** Why the camera does not work. @param {unknown} error @returns {Words} */
function problemOf(error) {
  const name = error instanceof DOMException ? error.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return terminal.cameraDenied;
    case "AbortError":
      // The camera was switched off while it started.
      return terminal.cameraOff;
    case "":
      return terminal.cameraUnreadable;
    default:
      return terminal.cameraMissing;
  }
}

/** Leaves out codes that are still in sight. Two phones may be held up together. */
function makeSightFilter() {
  /** @type {Map<string, number>} */
  const seenAtMs = new Map();
  return {
    /** Whether a picture has a code that was not in sight. The time between two pictures of a code says
     * nothing: a slow device may need seconds for a picture.
     * @param {string | null} text
     * @param {number} atMs
     * @returns {text is string} */
    isNew(text, atMs) {
      const gone = [...seenAtMs].filter(([seen, seenMs]) => seen !== text && atMs - seenMs > OUT_OF_SIGHT_MS);
      gone.forEach(([seen]) => seenAtMs.delete(seen));
      if (text === null) {
        return false;
      }
      const isNew = !seenAtMs.has(text);
      seenAtMs.set(text, atMs);
      return isNew;
    },
    forget: () => seenAtMs.clear(),
  };
}

/** Prepares the camera's button. `take` gets each code once while it is in sight.
 * @param {(text: string) => void} take */
export function startCamera(take) {
  const button = findElement("camera");
  const picture = /** @type {HTMLVideoElement} */ (findElement("camera-picture"));
  const sight = makeSightFilter();
  /** @type {MediaStream | null} */
  let stream = null;
  let isStarting = false;

  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    picture.srcObject = null;
    picture.hidden = true;
    button.setAttribute("aria-pressed", "false");
  };
  /** @param {import("./qr_reader.js").QrReader} read @param {MediaStream} own */
  const readPictures = async (read, own) => {
    while (stream === own) {
      const isReadable = !document.hidden && picture.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
      const text = isReadable ? await read(picture) : null;
      if (isReadable && stream === own && sight.isNew(text, performance.now())) {
        take(text);
      }
      await pause(PICTURE_PAUSE_MS);
    }
  };
  const start = async () => {
    showLine("camera-status", terminal.cameraStarting);
    if (navigator.mediaDevices === undefined) {
      throw new DOMException("this browser has no cameras", "NotFoundError");
    }
    const read = await makeQrReader();
    const own = await navigator.mediaDevices.getUserMedia({ video: PICTURE, audio: false });
    stream = own;
    own.getVideoTracks()[0]?.addEventListener("ended", () => {
      if (stream === own) {
        stop();
        showLine("camera-status", terminal.cameraMissing);
      }
    });
    picture.srcObject = own;
    picture.hidden = false;
    button.setAttribute("aria-pressed", "true");
    await picture.play();
    showLine("camera-status", terminal.cameraOn);
    await readPictures(read, own);
  };
  const startOnce = async () => {
    isStarting = true;
    try {
      await start();
    } catch (error) {
      stop();
      showLine("camera-status", problemOf(error));
    } finally {
      isStarting = false;
    }
  };

  button.addEventListener("click", () => {
    if (stream !== null) {
      stop();
      showLine("camera-status", terminal.cameraOff);
    } else if (!isStarting) {
      void startOnce();
    }
  });
  return { forget: sight.forget, stop };
}
