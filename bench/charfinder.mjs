// `node bench/charfinder.mjs`: what the index of programs/charfinder costs to make, to load and to ask. It needs what
// `npm run build` makes, prints a table, and keeps nothing.
import { mkdtempSync, rmSync, statSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const QUERIES = [
  "cat face",
  "letter",
  "l*",
  "* with",
  "a",
  "cjk 4E00",
  "cjk 4e*",
  "hangul syllable gag",
  "hangul ga*",
  "block:arrows",
  "¿Qué?",
];
const LOADS = 20;
const ROUNDS = 300;

const module = new URL("../programs/charfinder/dist/search/loadIndex.js", import.meta.url);
const { loadIndex } = await import(module.href);
const folder = mkdtempSync(join(tmpdir(), "charfinder-bench-"));

/** @param {string} what @param {string} value */
function row(what, value) {
  console.log(`${what.padEnd(44)}${value.padStart(12)}`);
}

/** @param {number[]} times */
function middleOf(times) {
  return times.sort((one, other) => one - other)[times.length >> 1] ?? Number.NaN;
}

/** @param {() => unknown} work */
async function timeOf(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

try {
  row("make the index from the data", `${(await timeOf(() => loadIndex(folder))).toFixed(0)} ms`);
  const [file = ""] = readdirSync(folder);
  row("size of its file", `${(statSync(join(folder, file)).size / 1e6).toFixed(2)} MB`);
  const loads = [];
  for (let round = 0; round < LOADS; round++) loads.push(await timeOf(() => loadIndex(folder)));
  row("load it from the cache, the first time", `${loads[0]?.toFixed(1)} ms`);
  row(`load it from the cache, middle of ${LOADS}`, `${middleOf(loads).toFixed(1)} ms`);
  const { index } = await loadIndex(folder);
  for (const query of QUERIES) {
    const find = () => index.find(query).page(0, 50);
    const first = await timeOf(find);
    const times = [];
    for (let round = 0; round < ROUNDS; round++) times.push(await timeOf(find));
    const { count } = index.find(query);
    row(`find “${query}”: ${count} matches, the first time`, `${first.toFixed(3)} ms`);
    row(`find “${query}”, middle of ${ROUNDS}`, `${middleOf(times).toFixed(3)} ms`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
