// Generators and functions that call back, for `resultStream.test.ts`, `callback.test.ts` and `workerFaults.test.ts`.
import { createTask, sleep } from "../../dist/index.js";
import { cancelRequested, transfer } from "../../dist/futures/index.js";

/** @param {number} upTo @param {Int32Array} [made] Counts there what was made, and notes the end. */
export async function* counting(upTo, made) {
  try {
    for (let n = 0; n < upTo; n++) {
      if (made !== undefined) Atomics.add(made, 0, 1);
      yield n;
    }
  } finally {
    await sleep(1);
    if (made !== undefined) Atomics.store(made, 1, 1);
  }
}

/** @param {number} upTo */
export function* squares(upTo) {
  for (let n = 0; n < upTo; n++) yield n * n;
}

/** @param {number} upTo */
export const laterArray = async (upTo) => Array.from({ length: upTo }, (_, n) => n);

/** @param {number} upTo */
export async function* failingAfter(upTo) {
  yield* squares(upTo);
  throw new RangeError("no more");
}

/** @param {Int32Array} seen */
export async function* waiting(seen) {
  try {
    yield "first";
    await sleep(60_000);
  } finally {
    await sleep(1);
    Atomics.store(seen, 0, 1);
  }
}

export async function* failingCleanUp() {
  try {
    yield 1;
    yield 2;
  } finally {
    await failLater("the clean-up failed");
  }
}

/** @param {string} words */
async function failLater(words) {
  await sleep(0);
  throw new TypeError(words);
}

/** Never awaits. @param {Int32Array} seen */
export function* spinning(seen) {
  try {
    yield 1;
    while (!cancelRequested()) Atomics.add(seen, 0, 1);
  } finally {
    Atomics.store(seen, 1, 1);
  }
}

export function* unclonable() {
  yield 1;
  yield { deep: [() => 1] };
  yield 3;
}

/** @param {number} count */
export function* buffers(count) {
  for (let at = 0; at < count; at++) yield transfer(new Uint8Array(1000).fill(at));
}

export function* leavingAfter() {
  for (let n = 0; n < 3; n++) yield n;
  process.exit(5);
}

export const notIterable = () => 5;

/** @param {(n: number) => Promise<number>} ask @param {number} times */
export async function sumOf(ask, times) {
  const answers = await Promise.all(Array.from({ length: times }, (_, n) => ask(n)));
  return answers.reduce((sum, each) => sum + each, 0);
}

/**
 * Sends a buffer along, and tells what is left of it here and what came back.
 * @param {(bytes: Uint8Array) => Promise<Uint8Array>} ask
 */
export async function exchange(ask) {
  const sent = new Uint8Array(1000).fill(5);
  const answer = await ask(transfer(sent));
  return [sent.byteLength, answer.byteLength, answer[0]];
}

/** @param {{ deep: { ask: (text: string) => Promise<string> }, plain: Date }} options */
export async function askDeep({ deep, plain }) {
  return `${await deep.ask("really")} ${plain.getTime()}`;
}

/** @param {(text: string) => Promise<string>} ask */
export async function caught(ask) {
  try {
    return await ask("x");
  } catch (error) {
    return /** @type {Error} */ (error).name;
  }
}

/** @param {(n: number) => Promise<unknown>} ask Cancels its wait for the answer. */
export async function askAndGiveUp(ask) {
  const task = createTask(async () => await ask(1));
  await sleep(5);
  task.cancel();
  await Promise.allSettled([task]);
  return task.cancelled();
}

/** @type {((n: number) => Promise<unknown>) | undefined} */
let kept;
/** @param {(n: number) => Promise<unknown>} ask @param {Int32Array} began */
export async function keep(ask, began) {
  kept = ask;
  void ask(1).then(null, () => {});
  while (Atomics.load(began, 0) === 0) await sleep(1);
}
export const askKept = async () => await kept?.(2);

/** @param {(ask: () => void) => Promise<unknown>} ask */
export const askUnclonable = async (ask) => await ask(() => {});

/** @param {(n: number) => void} report @param {number} upTo */
export function reporting(report, upTo) {
  for (let n = 1; n <= upTo; n++) report(n);
  return upTo;
}

/** @param {(n: number) => void} report @param {number} upTo */
export async function reportingLater(report, upTo) {
  for (let n = 1; n <= upTo; n++) report(n);
  await sleep(60_000);
}

/** @param {{ n: number, ask: (n: number) => number | Promise<number>, tell: (n: number) => void }} item */
export async function askAndTell({ n, ask, tell }) {
  tell(n);
  return await ask(n);
}

/** @param {{ n: number, ask: (n: number) => number | Promise<number> }} item */
export const askItem = async ({ n, ask }) => await ask(n);

/** @param {number} mebibytes */
export function hog(mebibytes) {
  const kept = [];
  for (let n = 0; n < mebibytes; n++) kept.push(Array.from({ length: 131072 }, () => ({ n })));
  return kept.length;
}

/** @type {unknown[]} */
const leak = [];
/** @param {number} mebibytes */
export function leaking(mebibytes) {
  for (let n = 0; n < mebibytes * 8; n++) leak.push(Array.from({ length: 16384 }, () => n + 0.5));
  return leak.length;
}

export async function napWithChild() {
  const child = createTask(() => sleep(60_000), { name: "child of the call" });
  try {
    await sleep(60_000);
  } finally {
    child.cancel();
    await Promise.allSettled([child]);
  }
}

/** @param {number} x @param {number} ms */
export async function slowly(x, ms) {
  await sleep(ms);
  return x;
}
