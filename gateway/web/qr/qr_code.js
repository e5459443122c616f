// Encodes QR codes in byte mode, in the few versions that a person code and a door's address need. In these
// versions all blocks have the same length, and there is no version information. Source: ISO/IEC 18004. The
// numbers below are from its tables 1, 9, C.1 and E.1.

import { correctionCodewords } from "./reed_solomon.js";

/**
 * A version with an error correction level. Format information is of mask 0, with its own error correction. A
 * reader accepts every mask. The standard has eight because some content has large plain areas under one of
 * them. Sealed codes are random in effect.
 * @typedef {object} QrKind
 * @property {number} version
 * @property {number} format The level and the mask.
 * @property {number} blocks
 * @property {number} data The data codewords of a block.
 * @property {number} correction The error correction codewords of a block.
 */

const LEVEL_M = 0b101010000010010;
const LEVEL_L = 0b111011111000100;
/** From the smallest; level M where the text fits. A person code has 40 bytes, a door's address has 54 and
 * its host. @type {QrKind[]} */
const KINDS = [
  { version: 3, format: LEVEL_M, blocks: 1, data: 44, correction: 26 },
  { version: 4, format: LEVEL_M, blocks: 2, data: 32, correction: 18 },
  { version: 5, format: LEVEL_M, blocks: 2, data: 43, correction: 24 },
  { version: 6, format: LEVEL_M, blocks: 4, data: 27, correction: 16 },
  { version: 6, format: LEVEL_L, blocks: 2, data: 68, correction: 18 },
];
/** The bits of mode, length and end in front of and behind the bytes. **Units**: bytes. */
const FRAME_BYTES = 2;
const BYTE_MODE = 0b0100;
/** The bytes that fill the rest of the data, in turn. */
const PADDING = [0xec, 0x11];
const TIMING = 6;

/** @typedef {(boolean | undefined)[][]} Grid Rows of modules, true where dark, undefined if not set. */

/** The modules a side. @param {QrKind} kind */
function sideOf({ version }) {
  return 17 + 4 * version;
}

/** The smallest kind for this many bytes. @param {number} bytes @returns {QrKind} */
function chooseKind(bytes) {
  const kind = KINDS.find(({ blocks, data }) => bytes + FRAME_BYTES <= blocks * data);
  if (kind === undefined) {
    throw new Error(`${bytes} bytes are more than a version 6-L code holds`);
  }
  return kind;
}

/** The data of a code: mode, length, bytes, an end of four zeros, and padding.
 * @param {QrKind} kind @param {number[]} bytes */
function encodeData({ blocks, data }, bytes) {
  const nibbles = [BYTE_MODE, bytes.length, ...bytes].flatMap((byte, place) =>
    place === 0 ? [byte] : [byte >> 4, byte & 15],
  );
  nibbles.push(0);
  const codewords = [];
  for (let place = 0; place < nibbles.length; place += 2) {
    codewords.push(((nibbles[place] ?? 0) << 4) | (nibbles[place + 1] ?? 0));
  }
  for (let turn = 0; codewords.length < blocks * data; turn += 1) {
    codewords.push(PADDING[turn % 2] ?? 0);
  }
  return codewords;
}

/** The first codeword of each block, then the second of each, and so on. @param {number[][]} blocks */
function interleave(blocks) {
  return (blocks[0] ?? []).flatMap((_, place) => blocks.map((block) => block[place] ?? 0));
}

/** The codewords in the order of their places. @param {QrKind} kind @param {number[]} bytes */
function encodeCodewords(kind, bytes) {
  const data = encodeData(kind, bytes);
  const blocks = Array.from({ length: kind.blocks }, (_, block) =>
    data.slice(block * kind.data, (block + 1) * kind.data),
  );
  const corrections = blocks.map((block) => correctionCodewords(block, kind.correction));
  return [...interleave(blocks), ...interleave(corrections)];
}

/** @param {Grid} grid @param {number} row @param {number} column @param {boolean} isDark */
function put(grid, row, column, isDark) {
  const line = grid[row];
  if (line !== undefined && column >= 0 && column < line.length) {
    line[column] = isDark;
  }
}

/** Concentric squares around a middle, dark at these distances from it.
 * @param {Grid} grid @param {readonly [number, number]} middle @param {number} reach
 * @param {number[]} dark */
function putSquares(grid, [row, column], reach, dark) {
  for (let down = -reach; down <= reach; down += 1) {
    for (let right = -reach; right <= reach; right += 1) {
      const distance = Math.max(Math.abs(down), Math.abs(right));
      put(grid, row + down, column + right, dark.includes(distance));
    }
  }
}

/** The patterns that every code of a version has: position, timing and alignment. @param {Grid} grid */
function putPatterns(grid) {
  const side = grid.length;
  for (let place = 0; place < side; place += 1) {
    put(grid, TIMING, place, place % 2 === 0);
    put(grid, place, TIMING, place % 2 === 0);
  }
  putSquares(grid, [3, 3], 4, [0, 1, 3]);
  putSquares(grid, [3, side - 4], 4, [0, 1, 3]);
  putSquares(grid, [side - 4, 3], 4, [0, 1, 3]);
  putSquares(grid, [side - 7, side - 7], 2, [0, 2]);
}

/** The format information twice, around the finders, and the one module that is always dark.
 * @param {Grid} grid @param {number} format */
function putFormat(grid, format) {
  const side = grid.length;
  for (let bit = 0; bit < 15; bit += 1) {
    const isDark = ((format >> bit) & 1) === 1;
    // Both copies leave the timing pattern out.
    const upward = bit < 6 ? bit : bit < 8 ? bit + 1 : side - 15 + bit;
    const leftward = bit < 8 ? side - 1 - bit : bit === 8 ? 7 : 14 - bit;
    put(grid, upward, 8, isDark);
    put(grid, 8, leftward, isDark);
  }
  put(grid, side - 8, 8, true);
}

/** The places of data, in order: by pairs of columns from the right, alternating upwards and downwards.
 * @param {Grid} grid @returns {[number, number][]} */
function dataPlaces(grid) {
  /** @type {[number, number][]} */
  const places = [];
  const side = grid.length;
  let isUpward = true;
  for (let right = side - 1; right > 0; right -= 2) {
    // The timing pattern's column does not belong to a pair.
    const first = right <= TIMING ? right - 1 : right;
    for (let down = 0; down < side; down += 1) {
      const row = isUpward ? side - 1 - down : down;
      places.push([row, first], [row, first - 1]);
    }
    isUpward = !isUpward;
  }
  return places.filter(([row, column]) => grid[row]?.[column] === undefined);
}

/** The modules of a text's code, row by row, true where dark. Throws if no version holds the text.
 * @param {string} text @returns {boolean[][]} */
export function encodeModules(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const kind = chooseKind(bytes.length);
  const side = sideOf(kind);
  /** @type {Grid} */
  const grid = Array.from({ length: side }, () => new Array(side).fill(undefined));
  putPatterns(grid);
  putFormat(grid, kind.format);
  const codewords = encodeCodewords(kind, bytes);
  dataPlaces(grid).forEach(([row, column], place) => {
    // Where the codewords end, seven modules are left over.
    const bit = ((codewords[place >> 3] ?? 0) >> (7 - (place & 7))) & 1;
    const isMasked = (row + column) % 2 === 0;
    put(grid, row, column, (bit === 1) !== isMasked);
  });
  return grid.map((row) => row.map((isDark) => isDark === true));
}
