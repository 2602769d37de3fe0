// Programs against each other where CPU time counts as well as wall time: each in a process of its own, all
// in turn, and of the ratios of each round the median (as compare.mjs has it, which times within a process).
//
// CPU time (user + system, of the process) is the first figure: on a machine of two cores the server and
// whatever else runs are in the wall time, too.
import { median } from "./compare.mjs";

/** Seconds. @typedef {{ wall: number, cpu: number }} Cost */
/** Does the work once, and sees that it was done. @typedef {{ name: string, run: () => Promise<Cost> }} Program */
/** The largest ratios that are good enough. @typedef {{ cpu?: import("./compare.mjs").Target, wall?: import("./compare.mjs").Target }} Targets */
/** @typedef {import("./compare.mjs").Figure} Figure */

/**
 * Runs them in turn; gives the costs of each, by its name, round by round.
 * @param {readonly Program[]} programs
 * @param {{ rounds: number, warmUps: number }} often
 * @returns {Promise<Map<string, Cost[]>>}
 */
export async function inTurn(programs, { rounds, warmUps }) {
  /** @type {Map<string, Cost[]>} */
  const costs = new Map(programs.map(({ name }) => [name, []]));
  for (let i = -warmUps; i < rounds; i++) {
    for (const { name, run } of i % 2 === 0 ? programs : [...programs].reverse()) {
      const cost = await run();
      if (i >= 0) costs.get(name)?.push(cost);
    }
  }
  return costs;
}

/**
 * Our costs as multiples of a rival's, CPU time first.
 * @param {string} what
 * @param {readonly Cost[]} ours
 * @param {string} against
 * @param {readonly Cost[]} theirs
 * @param {Targets} targets
 * @returns {Figure[]}
 */
export function figuresOf(what, ours, against, theirs, targets = {}) {
  return /** @type {const} */ (["cpu", "wall"]).map((kind) => ({
    what: `${what}: ${kind === "cpu" ? "CPU" : "wall"} time`,
    against,
    unit: "x",
    value: median(ours.map((cost, i) => cost[kind] / /** @type {Cost} */ (theirs[i])[kind])),
    target: targets[kind] ?? {},
  }));
}
