// Queues: items from producers to consumers, and a function over many items.
//
// "bare array" is the least that a queue could be: an array, and a list of bare promises of those who wait for an item.
// The worker queues (fastq, p-queue) do the same work in their own shape: each item is handed to one of so many calls
// of an async function at a time.
import { promise as fastq } from "fastq";
import pLimit from "p-limit";
import pMap from "p-map";
import PQueue from "p-queue";
import { createTask, mapConcurrent, Queue } from "../dist/index.js";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./timed.mjs").Work} Work */

const ITEMS = 10_000;
const MAPPED = 100_000;
const LIMIT = 100;
const SETTLED = Promise.resolve();

/** @typedef {{ put(item: number): Promise<void>, get(): Promise<number> }} AnyQueue */
/** Begins an async function of its own. @typedef {(body: () => Promise<void>) => PromiseLike<void>} Begin */

/** @implements {AnyQueue} */
class BareQueue {
  /** @type {number[]} */
  #items = [];
  #taken = 0;
  /** @type {((item: number) => void)[]} */
  #waiting = [];
  #served = 0;

  /** @param {number} item */
  put(item) {
    const waiting = this.#waiting[this.#served];
    if (waiting === undefined) {
      this.#items.push(item);
    } else {
      this.#served++;
      waiting(item);
    }
    return SETTLED;
  }

  /** @returns {Promise<number>} */
  get() {
    const item = this.#items[this.#taken];
    if (item === undefined) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#taken++;
    return Promise.resolve(item);
  }
}

/**
 * Each of `parties` producers puts its share, each of as many consumers gets it.
 * @param {() => AnyQueue} make @param {Begin} begin @param {number} parties
 * @returns {Work}
 */
function exchange(make, begin, parties) {
  return async () => {
    const queue = make();
    const share = ITEMS / parties;
    let sum = 0;
    const running = [];
    for (let i = 0; i < parties; i++) {
      running.push(
        begin(async () => {
          for (let k = 0; k < share; k++) await queue.put(1);
        }),
        begin(async () => {
          for (let k = 0; k < share; k++) {
            const item = await queue.get(); // on a line of its own: others add to the sum meanwhile
            sum += item;
          }
        }),
      );
    }
    for (const each of running) await each;
    return sum;
  };
}

/** @param {number} parties @returns {Work} */
function withFastq(parties) {
  return async () => {
    let sum = 0;
    const queue = fastq(async (/** @type {number} */ item) => void (sum += item), parties);
    for (let i = 0; i < ITEMS; i++) void queue.push(1);
    await queue.drained();
    return sum;
  };
}

/** @param {number} parties @returns {Work} */
function withPQueue(parties) {
  return async () => {
    let sum = 0;
    const queue = new PQueue({ concurrency: parties });
    for (let i = 0; i < ITEMS; i++) void queue.add(async () => void (sum += 1));
    await queue.onIdle();
    return sum;
  };
}

/** @param {number} parties @returns {import("./compare.mjs").Rival[]} */
function rivals(parties) {
  const bare = exchange(
    () => new BareQueue(),
    (body) => body(),
    parties,
  );
  return [
    { name: "fastq.promise", target: { 26: 1 }, work: withFastq(parties) },
    { name: "p-queue", target: { 26: 1 }, work: withPQueue(parties) },
    { name: "bare array", target: { 26: 2 }, work: bare },
  ];
}

/** @returns {AnyQueue} */
const makeQueue = () => new Queue();

const items = Array.from({ length: MAPPED }, () => 1);

/** @param {number} item */
async function mapper(item) {
  await SETTLED;
  return item;
}

async function mapConcurrently() {
  let sum = 0;
  for await (const result of mapConcurrent(items, mapper, { limit: LIMIT })) sum += result;
  return sum;
}

/** @param {readonly number[]} results */
function total(results) {
  let sum = 0;
  for (const result of results) sum += result;
  return sum;
}

async function withPMap() {
  return total(await pMap(items, mapper, { concurrency: LIMIT }));
}

async function withPLimit() {
  const limit = pLimit(LIMIT);
  return total(await Promise.all(items.map((item) => limit(mapper, item))));
}

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "Queue, 1 producer and 1 consumer",
    result: ITEMS,
    ambit: exchange(makeQueue, createTask, 1),
    rivals: rivals(1),
  },
  {
    what: "Queue, 100 producers and 100 consumers",
    result: ITEMS,
    ambit: exchange(makeQueue, createTask, 100),
    rivals: rivals(100),
  },
  {
    what: "mapConcurrent, 100 000 items, limit 100",
    result: MAPPED,
    ambit: mapConcurrently,
    rivals: [
      { name: "p-map", target: { 26: 1 }, work: withPMap },
      { name: "p-limit", target: { 26: 1 }, work: withPLimit },
    ],
  },
];
