// A file of many lines of text, of 20 to 165 characters, in ASCII: the same each time.
import { closeSync, openSync, writeSync } from "node:fs";

const WORDS = "the quick brown fox jumps over the lazy dog and runs away from what it has done ";
const PIECE = 4 << 20;

/** How much there is of it. @typedef {{ bytes: number, lines: number }} Amount */

/** Writes at least so many bytes, and tells how many. @param {string} path @param {number} least @returns {Amount} */
export function writeLines(path, least) {
  const { bytes: piece, lines: each } = pieceOf(Math.min(PIECE, least));
  const file = openSync(path, "w");
  let bytes = 0;
  let lines = 0;
  while (bytes < least) {
    bytes += writeSync(file, piece);
    lines += each;
  }
  closeSync(file);
  return { bytes, lines };
}

/** @param {number} least */
function pieceOf(least) {
  /** @type {string[]} */
  const lines = [];
  const text = WORDS.repeat(3);
  let seed = 1;
  for (let length = 0; length < least;) {
    // A linear congruential generator (Numerical Recipes): no luck, the same everywhere.
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const words = text.slice(0, 10 + ((seed >>> 8) % 146));
    const line = `${String(lines.length).padStart(8, "0")} ${words}\n`;
    length += line.length;
    lines.push(line);
  }
  return { bytes: Buffer.from(lines.join("")), lines: lines.length };
}
