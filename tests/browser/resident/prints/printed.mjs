// What a printer gets of a document, and what a camera reads on it.

import jsQR from "jsqr";

/** The contents of the codes on the sheets, as they are drawn, by an independent decoder. */
export async function readCodes(page) {
  const drawings = await page.$$eval("section svg", async (codes) => {
    const draw = async (code) => {
      const image = new Image();
      const text = new XMLSerializer().serializeToString(code);
      image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
      await image.decode();
      const side = 600;
      const canvas = Object.assign(document.createElement("canvas"), { width: side, height: side });
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0, side, side);
      return { pixels: [...context.getImageData(0, 0, side, side).data], side };
    };
    return Promise.all(codes.map(draw));
  });
  return drawings.map(({ pixels, side }) => jsQR(Uint8ClampedArray.from(pixels), side, side)?.data);
}

/** The number of pages that a printer gets. */
export async function countPages(page) {
  const printed = Buffer.from(await page.pdf({ preferCSSPageSize: true })).toString("latin1");
  return (printed.match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length;
}
