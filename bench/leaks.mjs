// What is left behind by a million cancelled waits, timeouts, and tasks under signals.
import { runChild } from "./child.mjs";

/** @typedef {import("./compare.mjs").Figure} Figure */
/** `bytes` left in the heap for each, `listeners` left in all. @typedef {{ bytes: number, listeners: number }} Left */

/** @type {readonly (readonly [kind: string, count: number, what: string])[]} */
const KINDS = [
  ["waits", 1_000_000, "a million cancelled waits"],
  ["timeouts", 1_000_000, "a million timeouts that struck"],
  ["signals", 1_000_000, "a million tasks ended by AbortSignals"],
  ["survivors", 100_000, "100 000 tasks under one AbortSignal"],
];

/** Less than this is no leak, but the measurement's own noise: a thing left behind would be tens of bytes. */
const NOTHING = 1;

/** Two at a time: no time is taken here. @returns {Promise<Figure[]>} */
export async function measureLeaks() {
  const waiting = KINDS.values();
  /** @type {Map<string, Figure[]>} */
  const figures = new Map(KINDS.map(([kind]) => [kind, []]));
  const lane = async () => {
    for (const [kind, count, what] of waiting)
      figures.set(kind, await figuresOf(kind, count, what));
  };
  await Promise.all([lane(), lane()]);
  return [...figures.values()].flat();
}

/** @param {string} kind @param {number} count @param {string} what @returns {Promise<Figure[]>} */
async function figuresOf(kind, count, what) {
  const { bytes, listeners } = /** @type {Left} */ (
    await runChild("leak.mjs", kind, String(count))
  );
  const heap = {
    what: `${what}: heap left of each`,
    unit: "B",
    value: Math.max(0, bytes),
    target: { 20: NOTHING, 26: NOTHING },
  };
  const left = {
    what: `${what}: listeners left`,
    unit: "",
    value: listeners,
    target: { 20: 0, 26: 0 },
  };
  const hasSignal = kind === "signals" || kind === "survivors";
  return (hasSignal ? [heap, left] : [heap]).map((figure) => ({ ...figure, against: "" }));
}
