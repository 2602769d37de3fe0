// One benchmark on the Node.js that runs this file: `node --expose-gc bench/main.mjs kernel`.
//
// Each benchmark file exports its comparisons and, where something else than time is measured, its measurements. The
// figures go to the parent process, or, run by hand, to standard output as JSON.
import { run } from "../dist/index.js";
import { compare } from "./compare.mjs";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./compare.mjs").Figure} Figure */
/** `peers`: versions of what it compares with, where package.json does not tell. @typedef {{ comparisons: Comparison[], measure?: () => Promise<Figure[]>, peers?: () => Record<string, string> }} Benchmark */

const name = process.argv[2] ?? "";
const { comparisons, measure, peers } = /** @type {Benchmark} */ (await import(`./${name}.mjs`));
/** @type {Figure[]} */
const figures = [];
// Everything runs in a task: that is where programs live, and where Node.js 20 is slower, for the rivals too.
for (const each of comparisons) figures.push(...(await run(() => compare(each))));
if (measure !== undefined) figures.push(...(await measure()));
if (process.send === undefined) console.log(JSON.stringify(figures, undefined, 2));
else process.send({ figures, peers: peers?.() ?? {} });
