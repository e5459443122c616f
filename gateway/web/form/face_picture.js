// A picture of the face, scaled down on the phone to the size that a comparison needs, for a bad signal.

const SIDE_PX_MAX = 640;
const QUALITY = 0.85;

/**
 * Draws a picture, the longer side at most 640 pixels, and returns it as a JPEG in base64. Fails if this
 * browser cannot read the file as a picture.
 * @param {Blob} file
 * @param {HTMLCanvasElement} canvas
 */
export async function shrinkPicture(file, canvas) {
  const picture = await createImageBitmap(file);
  const share = Math.min(1, SIDE_PX_MAX / Math.max(picture.width, picture.height));
  canvas.width = Math.max(1, Math.round(picture.width * share));
  canvas.height = Math.max(1, Math.round(picture.height * share));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas.toDataURL("image/jpeg", QUALITY).split(",")[1] ?? "";
}

/** Copies a picture to another canvas. @param {HTMLCanvasElement} from @param {HTMLCanvasElement} to */
export function copyPicture(from, to) {
  to.width = from.width;
  to.height = from.height;
  to.getContext("2d")?.drawImage(from, 0, 0);
}
