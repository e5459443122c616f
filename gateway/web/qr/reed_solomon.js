// Reed-Solomon error correction for QR codes. The field is GF(256) with x^8 + x^4 + x^3 + x^2 + 1, and the
// generator's roots are 2^0, 2^1 and so on. Source: ISO/IEC 18004, 7.5.2 and annex A.

const FIELD = 0x11d;

/** @param {number} one @param {number} other */
function multiply(one, other) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * FIELD);
    product ^= ((other >> bit) & 1) * one;
  }
  return product;
}

/** The generator polynomial's coefficients without the leading one, highest power first.
 * @param {number} degree */
function generatorPolynomial(degree) {
  const coefficients = new Array(degree).fill(0);
  coefficients[degree - 1] = 1;
  let root = 1;
  for (let roots = 0; roots < degree; roots += 1) {
    for (let place = 0; place < degree; place += 1) {
      coefficients[place] = multiply(coefficients[place], root) ^ (coefficients[place + 1] ?? 0);
    }
    root = multiply(root, 2);
  }
  return coefficients;
}

/** The error correction codewords: the remainder of the data divided by the generator.
 * @param {number[]} data @param {number} count */
export function correctionCodewords(data, count) {
  const divisor = generatorPolynomial(count);
  const left = new Array(count).fill(0);
  for (const codeword of data) {
    const factor = codeword ^ left.shift();
    left.push(0);
    divisor.forEach((coefficient, place) => {
      left[place] ^= multiply(coefficient, factor);
    });
  }
  return left;
}
