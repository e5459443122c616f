// Encodes QR codes of version 3, error correction level M, byte mode: the only kind that a person code needs.
// A person code has 40 characters, and this kind holds 42 bytes. Source: ISO/IEC 18004. The numbers below are
// from its tables 1, 9 and E.1.

import { correctionCodewords } from "./reed_solomon.js";

/** Modules a side. */
export const SIDE = 29;
const DATA_CODEWORDS = 44;
const CORRECTION_CODEWORDS = 26;
const BYTES_MAX = 42;
const BYTE_MODE = 0b0100;
/** The bytes that fill the rest of the data, in turn. */
const PADDING = [0xec, 0x11];
const FINDERS = /** @type {const} */ ([[3, 3], [3, SIDE - 4], [SIDE - 4, 3]]);
const ALIGNMENT = /** @type {const} */ ([22, 22]);
const TIMING = 6;
/**
 * Level M and mask 0 as format information, with its own error correction. A reader accepts every mask. The
 * standard has eight because some content has large plain areas under one of them. A person code is random in
 * effect.
 */
const FORMAT = 0b101010000010010;

/** @typedef {(boolean | undefined)[][]} Grid Rows of modules, true where dark, undefined if not set. */

/** The text's bits: mode, length, bytes, an end of four zeros, and padding. @param {string} text */
function encodeCodewords(text) {
  const bytes = [...new TextEncoder().encode(text)];
  if (bytes.length > BYTES_MAX) {
    throw new Error(`${bytes.length} bytes are more than a version 3-M code holds`);
  }
  const nibbles = [BYTE_MODE, bytes.length, ...bytes].flatMap((byte, place) =>
    place === 0 ? [byte] : [byte >> 4, byte & 15],
  );
  nibbles.push(0);
  const data = [];
  for (let place = 0; place < nibbles.length; place += 2) {
    data.push(((nibbles[place] ?? 0) << 4) | (nibbles[place + 1] ?? 0));
  }
  for (let turn = 0; data.length < DATA_CODEWORDS; turn += 1) {
    data.push(PADDING[turn % 2] ?? 0);
  }
  return [...data, ...correctionCodewords(data, CORRECTION_CODEWORDS)];
}

/** @param {Grid} grid @param {number} row @param {number} column @param {boolean} isDark */
function put(grid, row, column, isDark) {
  const line = grid[row];
  if (line !== undefined && column >= 0 && column < SIDE) {
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

/** The patterns that every code of this version has: position, timing and alignment. @param {Grid} grid */
function putPatterns(grid) {
  for (let place = 0; place < SIDE; place += 1) {
    put(grid, TIMING, place, place % 2 === 0);
    put(grid, place, TIMING, place % 2 === 0);
  }
  for (const middle of FINDERS) {
    putSquares(grid, middle, 4, [0, 1, 3]);
  }
  putSquares(grid, ALIGNMENT, 2, [0, 2]);
}

/** The format information twice, around the finders, and the one module that is always dark.
 * @param {Grid} grid */
function putFormat(grid) {
  for (let bit = 0; bit < 15; bit += 1) {
    const isDark = ((FORMAT >> bit) & 1) === 1;
    // Both copies leave the timing pattern out.
    const upward = bit < 6 ? bit : bit < 8 ? bit + 1 : SIDE - 15 + bit;
    const leftward = bit < 8 ? SIDE - 1 - bit : bit === 8 ? 7 : 14 - bit;
    put(grid, upward, 8, isDark);
    put(grid, 8, leftward, isDark);
  }
  put(grid, SIDE - 8, 8, true);
}

/** The places of data, in order: by pairs of columns from the right, alternating upwards and downwards.
 * @param {Grid} grid @returns {[number, number][]} */
function dataPlaces(grid) {
  /** @type {[number, number][]} */
  const places = [];
  let isUpward = true;
  for (let right = SIDE - 1; right > 0; right -= 2) {
    // The timing pattern's column does not belong to a pair.
    const first = right <= TIMING ? right - 1 : right;
    for (let down = 0; down < SIDE; down += 1) {
      const row = isUpward ? SIDE - 1 - down : down;
      places.push([row, first], [row, first - 1]);
    }
    isUpward = !isUpward;
  }
  return places.filter(([row, column]) => grid[row]?.[column] === undefined);
}

/** The modules of a text's code, row by row, true where dark. @param {string} text @returns {boolean[][]} */
export function encodeModules(text) {
  /** @type {Grid} */
  const grid = Array.from({ length: SIDE }, () => new Array(SIDE).fill(undefined));
  putPatterns(grid);
  putFormat(grid);
  const codewords = encodeCodewords(text);
  dataPlaces(grid).forEach(([row, column], place) => {
    // Where the codewords end, seven modules are left over.
    const bit = ((codewords[place >> 3] ?? 0) >> (7 - (place & 7))) & 1;
    const isMasked = (row + column) % 2 === 0;
    put(grid, row, column, (bit === 1) !== isMasked);
  });
  return grid.map((row) => row.map((isDark) => isDark === true));
}
