// Rivals against each other: the same work, round by round, in turn.
//
// Only the ratio of two times taken in the same round counts, and of the rounds the median: so a machine that is busy
// now and idle then disturbs little. The order turns round with each round. Each rival does the same work, and the
// result of each run is checked. Rivals that are runtimes of their own live in a process of their own (`apart.mjs`).
import { Apart } from "./apart.mjs";
import { timed } from "./timed.mjs";

/** Some rivals take this long until their code is compiled as well as it gets. */
const WARM_UP = { runs: 10, leastRuns: 3, milliseconds: 2000 };
const ROUNDS = 9;

/** @typedef {import("./timed.mjs").Work} Work */
/** @typedef {import("./timed.mjs").Run} Run */
/** The largest ratio that is good enough, by Node.js line. @typedef {Readonly<Record<string, number>>} Target */
/**
 * Whom to be compared with: `work` here, or the export `apart[1]` of `apart[0]` in a process of its own.
 * @typedef {{ name: string, target?: Target, work: Work } | { name: string, target?: Target, apart: [string, string] }} Rival
 */
/** `rounds`: fewer for work that takes seconds. @typedef {{ what: string, result: number, ambit: Work, rivals: Rival[], rounds?: number }} Comparison */
/** `value` in `unit`, good when it is not above `target`. @typedef {{ what: string, against: string, unit: string, value: number, target: Target }} Figure */

/**
 * Runs all rivals in turn; gives one figure for each: our time as a multiple of theirs.
 * @param {Comparison} comparison
 * @returns {Promise<Figure[]>}
 */
export async function compare({ what, result, ambit, rivals, rounds: count = ROUNDS }) {
  /** @type {Apart[]} */
  const processes = [];
  const runs = [timed(ambit, result), ...rivals.map((rival) => runOf(rival, result, processes))];
  try {
    for (const run of runs) await warmUp(run);
    /** @type {number[][]} */
    const rounds = [];
    for (let i = 0; i < count; i++) rounds.push(await inTurn(runs, i % 2 === 1));
    return rivals.map(({ name, target = {} }, i) => {
      const ratios = rounds.map(
        (times) => /** @type {number} */ (times[0]) / /** @type {number} */ (times[i + 1]),
      );
      return { what, against: name, unit: "x", value: median(ratios), target };
    });
  } finally {
    for (const each of processes) each.end();
  }
}

/** @param {Run} run */
async function warmUp(run) {
  let spent = 0;
  for (let i = 0; i < WARM_UP.runs; i++) {
    if (i >= WARM_UP.leastRuns && spent > WARM_UP.milliseconds) return;
    spent += await run();
  }
}

/** One round; the times stand in the order of `runs`, whatever the order they ran in. @param {Run[]} runs @param {boolean} backwards */
async function inTurn(runs, backwards) {
  /** @type {number[]} */
  const times = [];
  const order = [...runs.keys()];
  for (const i of backwards ? order.reverse() : order)
    times[i] = await /** @type {Run} */ (runs[i])();
  return times;
}

/** @param {Rival} rival @param {number} result @param {Apart[]} processes @returns {Run} */
function runOf(rival, result, processes) {
  if ("work" in rival) return timed(rival.work, result);
  const process = new Apart(...rival.apart);
  processes.push(process);
  return () => process.run(result);
}

/** @param {number[]} values */
export function median(values) {
  return /** @type {number} */ ([...values].sort((a, b) => a - b)[values.length >> 1]);
}
