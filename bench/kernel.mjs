// The kernel: what a task, a switch from one to the next, a wait and a timeout cost.
//
// "native" is the bare construct of the language, in the same process and in a task as well. What a body waits for is
// what each rival has for letting others run at the lowest price; none of them goes through the host's event loop.
import {
  checkpoint,
  createTask,
  Lock,
  Queue,
  Semaphore,
  suspend,
  taskGroup,
  timeout,
} from "../dist/index.js";
import { measureImport } from "./importCost.mjs";
import { awaits, manyAwaits } from "./native.mjs";
import { BATCH, BATCHES, FEW_BATCHES, MANY } from "./sizes.mjs";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./timed.mjs").Work} Work */
/** @template T @typedef {import("../dist/index.js").Wait<T>} Wait */

const SETTLED = Promise.resolve();

async function taskBody() {
  await checkpoint();
  return 1;
}

async function nativeBody() {
  await SETTLED;
  return 1;
}

/** Begins and awaits one after the other. @param {() => PromiseLike<number>} begin @returns {Work} */
function oneByOne(begin) {
  return async () => {
    let sum = 0;
    for (let i = 0; i < MANY; i++) sum += await begin();
    return sum;
  };
}

/** Begins a thousand, then awaits them, again and again. @param {() => PromiseLike<number>} begin @returns {Work} */
function byTheThousand(begin, batches = BATCHES) {
  return async () => {
    let sum = 0;
    for (let batch = 0; batch < batches; batch++) {
      const begun = [];
      for (let i = 0; i < BATCH; i++) begun.push(begin());
      for (const each of begun) sum += await each;
    }
    return sum;
  };
}

const spawn = () => createTask(taskBody);

/** @type {Wait<void>[]} */
const waits = [];

/** @param {Wait<void>} wait */
function keep(wait) {
  waits.push(wait);
}

async function waitingTaskBody() {
  await suspend(keep);
  return 1;
}

/** @type {((value: void) => void)[]} */
const resolvers = [];

/** @param {(value: void) => void} resolve */
function keepResolver(resolve) {
  resolvers.push(resolve);
}

async function waitingNativeBody() {
  await new Promise(keepResolver);
  return 1;
}

/**
 * Begins a thousand, wakes them when all wait, then awaits them, again and again.
 * @param {() => PromiseLike<number>} begin @param {() => number} wake Wakes those who wait, and counts them.
 * @returns {Work}
 */
function wokenByTheThousand(begin, wake) {
  return async () => {
    let sum = 0;
    for (let batch = 0; batch < BATCHES; batch++) {
      const begun = [];
      for (let i = 0; i < BATCH; i++) begun.push(begin());
      for (let woken = 0; woken < BATCH; woken += wake()) await SETTLED;
      for (const each of begun) sum += await each;
    }
    return sum;
  };
}

function wakeTasks() {
  const woken = waits.splice(0);
  for (const wait of woken) wait.resolve();
  return woken.length;
}

function wakeNative() {
  const woken = resolvers.splice(0);
  for (const resolve of woken) resolve();
  return woken.length;
}

async function inGroups() {
  let sum = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const tasks = await taskGroup((group) => {
      const begun = [];
      for (let i = 0; i < BATCH; i++) begun.push(group.spawn(taskBody));
      return begun;
    });
    for (const task of tasks) sum += task.result();
  }
  return sum;
}

async function nativeAll() {
  let sum = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    const begun = [];
    for (let i = 0; i < BATCH; i++) begun.push(nativeBody());
    for (const one of await Promise.all(begun)) sum += one;
  }
  return sum;
}

async function checkpoints() {
  let count = 0;
  for (; count < MANY; count++) await checkpoint();
  return count;
}

/** @param {Lock | Semaphore} lock @returns {Work} */
function acquiring(lock) {
  return async () => {
    let count = 0;
    for (; count < MANY; count++) {
      await lock.acquire();
      lock.release();
    }
    return count;
  };
}

async function getItems() {
  /** @type {Queue<number>} */
  const queue = new Queue();
  for (let i = 0; i < MANY; i++) queue.putNowait(1);
  let sum = 0;
  for (let i = 0; i < MANY; i++) sum += await queue.get();
  return sum;
}

async function shiftItems() {
  /** @type {number[]} */
  const items = [];
  for (let i = 0; i < MANY; i++) items.push(1);
  let sum = 0;
  for (let i = 0; i < MANY; i++) {
    await SETTLED;
    sum += /** @type {number} */ (items[i]);
  }
  return sum;
}

const LINE = 100;

/** A line of callers, each of which goes when the one before it lets it. @param {() => Promise<number>} turn @returns {Work} */
function inLine(turn) {
  return async () => {
    let sum = 0;
    for (let i = 0; i < MANY / LINE; i++) {
      const line = [];
      for (let k = 0; k < LINE; k++) line.push(turn());
      for (const one of await Promise.all(line)) sum += one;
    }
    return sum;
  };
}

const lock = new Lock();

async function lockTurn() {
  await lock.acquire();
  lock.release();
  return 1;
}

/** @type {((value: void) => void)[]} */
const waiting = [];
let gone = 0;
let held = false;

/** The least that a fair lock could be: a list of bare promises. */
async function bareTurn() {
  if (held) {
    await new Promise((/** @type {(value: void) => void} */ resolve) => waiting.push(resolve));
  } else {
    held = true;
    await SETTLED;
  }
  passOn();
  return 1;
}

function passOn() {
  const next = waiting[gone++];
  if (next !== undefined) return next();
  held = false;
  gone = waiting.length = 0;
}

async function queueHandOver() {
  /** @type {Queue<number>} */
  const queue = new Queue();
  let sum = 0;
  for (let i = 0; i < MANY; i++) {
    const item = queue.get();
    queue.putNowait(1);
    sum += await item;
  }
  return sum;
}

async function bareHandOver() {
  /** @type {(value: number) => void} */
  let give = () => {};
  let sum = 0;
  for (let i = 0; i < MANY; i++) {
    const item = new Promise((/** @type {(value: number) => void} */ resolve) => (give = resolve));
    give(1);
    sum += await item;
  }
  return sum;
}

/** The usual timeout of promises: it leaves the loser running. */
async function nativeTimeout() {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("timed out")), 60_000);
  });
  try {
    return /** @type {number} */ (await Promise.race([nativeBody(), tooLate]));
  } finally {
    clearTimeout(timer);
  }
}

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "spawn and join a task, one after the other",
    result: MANY,
    ambit: oneByOne(spawn),
    rivals: [{ name: "native async call", target: { 20: 7, 26: 4 }, work: oneByOne(nativeBody) }],
  },
  {
    what: "spawn 1000 tasks and join them",
    result: BATCH * BATCHES,
    ambit: byTheThousand(spawn),
    rivals: [
      { name: "native async call", target: { 20: 7, 26: 4 }, work: byTheThousand(nativeBody) },
      { name: "Effect fiber", target: { 26: 1 / 3 }, apart: ["effect", "spawnJoin"] },
      { name: "CPython asyncio", target: { 26: 1 / 8 }, apart: ["asyncio", "spawnJoin"] },
    ],
  },
  {
    what: "spawn 1000 tasks and join them",
    result: BATCH * FEW_BATCHES,
    ambit: byTheThousand(spawn, FEW_BATCHES),
    rivals: [{ name: "Effection task", target: { 26: 1 / 80 }, apart: ["effection", "spawnJoin"] }],
  },
  {
    what: "spawn 1000 tasks that wait, wake and join them",
    result: BATCH * BATCHES,
    ambit: wokenByTheThousand(() => createTask(waitingTaskBody), wakeTasks),
    rivals: [
      {
        name: "native async call, bare promise",
        target: { 20: 7, 26: 4 },
        work: wokenByTheThousand(waitingNativeBody, wakeNative),
      },
    ],
  },
  {
    what: "1000 tasks in a task group",
    result: BATCH * BATCHES,
    ambit: inGroups,
    rivals: [{ name: "Promise.all", work: nativeAll }],
  },
  {
    what: "checkpoint()",
    result: MANY,
    ambit: checkpoints,
    rivals: [{ name: "native await", target: { 26: 1.5 }, work: awaits }],
  },
  {
    what: "acquire and release a free lock",
    result: MANY,
    ambit: acquiring(new Lock()),
    rivals: [{ name: "native await", target: { 26: 1.5 }, work: awaits }],
  },
  {
    what: "acquire and release a free semaphore",
    result: MANY,
    ambit: acquiring(new Semaphore(10)),
    rivals: [{ name: "native await", target: { 26: 1.5 }, work: awaits }],
  },
  {
    what: "put and get an item that is there",
    result: MANY,
    ambit: getItems,
    rivals: [{ name: "array, native await", target: { 26: 1.5 }, work: shiftItems }],
  },
  {
    what: "a lock handed over to who waits",
    result: MANY,
    ambit: inLine(lockTurn),
    rivals: [{ name: "bare promise", target: { 26: 2 }, work: inLine(bareTurn) }],
  },
  {
    what: "an item handed over to who waits",
    result: MANY,
    ambit: queueHandOver,
    rivals: [{ name: "bare promise", target: { 26: 2 }, work: bareHandOver }],
  },
  {
    what: "a native await in a task",
    result: MANY * BATCHES,
    ambit: manyAwaits,
    rivals: [{ name: "in a program without Ambit", apart: ["native", "manyAwaits"] }],
  },
  {
    what: "timeout() around a body that is in time",
    result: MANY,
    ambit: oneByOne(() => timeout(60_000, taskBody)),
    rivals: [{ name: "Promise.race, setTimeout", work: oneByOne(nativeTimeout) }],
  },
];

export const measure = measureImport;
