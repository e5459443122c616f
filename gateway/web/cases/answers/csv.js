// CSV files for spreadsheets. A cell that a spreadsheet would read as a formula becomes text, as in the
// gateway's own CSV.

/** @typedef {string | number} Cell */

/** The beginnings of formulas, in half and full width. */
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]/;
/** Excel reads a file as UTF-8 only if it begins with this mark. */
const BYTE_ORDER_MARK = "\ufeff";

/** @param {Cell} cell */
function writeCell(cell) {
  const text = typeof cell === "string" && FORMULA.test(cell) ? `'${cell}` : String(cell);
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table with its context in the last columns of each row. A table without rows has one row for it.
 * @param {string[]} header @param {Cell[][]} rows @param {[string, Cell][]} context */
export function writeTable(header, rows, context) {
  const [names, values] = [context.map(([name]) => name), context.map(([, value]) => value)];
  const filled = rows.length === 0 ? [header.map(() => "")] : rows;
  const lines = [[...header, ...names], ...filled.map((row) => [...row, ...values])];
  return BYTE_ORDER_MARK + lines.map((line) => `${line.map(writeCell).join(",")}\r\n`).join("");
}

/** Offers a table as a file. @param {string} name @param {string} text */
export function saveFile(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
