// Commands to a Redis of its own: one after the other, 64 at a time, and in pipelines of 100; entries of a stream, read in
// the order in which they stand there; and messages that are published, heard by one subscriber.
//
// Every client has one connection, and checks each answer. The server runs on the same two cores, so the ratios are nearer
// to 1 than what the clients cost.
import { Redis as Ioredis } from "ioredis";
import { createClient } from "redis";
import { startRedis } from "../scripts/databaseServers.mjs";
import { createRedis } from "../dist/redis/index.js";

/** @typedef {import("./compare.mjs").Comparison} Comparison */
/** @typedef {import("./compare.mjs").Figure} Figure */
/** @typedef {import("./timed.mjs").Work} Work */

const SERIAL = 2000;
const PARALLEL = 64;
const EACH = 300;
const PIPELINES = 100;
const SIZE = 100;

const server = await startRedis();
const ambit = createRedis(server.url);
const ioredis = new Ioredis(server.url);
const nodeRedis = createClient({ url: server.url });
await nodeRedis.connect();
await ambit.set("key", "value");
const ENTRIES = 2000;
const PAGE = 100;
for (let at = 0; at < ENTRIES; at++) await ioredis.xadd("stream", "*", "word", "value");

/** @param {() => Promise<unknown>} get @param {number} times @returns {Promise<number>} */
async function serially(get, times) {
  let right = 0;
  for (let at = 0; at < times; at++) if ((await get()) === "value") right++;
  return right;
}

/** @param {() => Promise<unknown>} get @returns {Work} */
function together(get) {
  return async () => {
    const runs = Array.from({ length: PARALLEL }, () => serially(get, EACH));
    let right = 0;
    for (const each of runs) right += await each;
    return right;
  };
}

/** @param {() => Promise<unknown[]>} run gives the answers @returns {Work} */
function inPipelines(run) {
  return async () => {
    let right = 0;
    for (let at = 0; at < PIPELINES; at++)
      for (const answer of await run()) if (answer === "value") right++;
    return right;
  };
}

const get = {
  ambit: () => ambit.get("key"),
  ioredis: () => ioredis.get("key"),
  nodeRedis: () => nodeRedis.get("key"),
};

/** @param {{ get(key: string): unknown, exec(): Promise<readonly (readonly unknown[])[] | null> }} pipeline */
async function hundred(pipeline) {
  for (let at = 0; at < SIZE; at++) pipeline.get("key");
  const results = (await pipeline.exec()) ?? [];
  return results.map(([, value]) => value);
}

const pipelined = {
  ambit: inPipelines(() => hundred(ambit.pipeline())),
  ioredis: inPipelines(() => hundred(ioredis.pipeline())),
  nodeRedis: inPipelines(() => {
    const multi = nodeRedis.multi();
    for (let at = 0; at < SIZE; at++) multi.get("key");
    return /** @type {Promise<unknown[]>} */ (multi.execAsPipeline());
  }),
};

async function readByAmbit() {
  let right = 0;
  for await (const { fields } of ambit.readStream("stream", { from: "0", count: PAGE })) {
    if (fields["word"] === "value") right++;
    if (right === ENTRIES) break;
  }
  return right;
}

/** By the driver: on a connection of its own, as it blocks, page after page. */
const reader = ioredis.duplicate();

async function readByIoredis() {
  let right = 0;
  let from = "0";
  while (right < ENTRIES) {
    const answer = await reader.xread("COUNT", PAGE, "BLOCK", 5000, "STREAMS", "stream", from);
    for (const [id, [name, value]] of answer?.[0]?.[1] ?? []) {
      if (name === "word" && value === "value") right++;
      from = id;
    }
  }
  return right;
}

const MESSAGES = 5000;
/** The server publishes them by itself, so that only hearing them is compared. */
const PUBLISH = `for i = 1, ${MESSAGES} do redis.call("PUBLISH", KEYS[1], "word " .. i) end`;
const publish = (/** @type {string} */ channel) => ioredis.eval(PUBLISH, 1, channel);
const subscription = await ambit.subscribe("ambit");
/** Leaving its loop leaves it open. */
const messages = { [Symbol.asyncIterator]: () => ({ next: () => subscription.next() }) };

async function hearByAmbit() {
  const published = publish("ambit");
  let count = 0;
  for await (const { message } of messages) {
    if (message === `word ${count + 1}`) count++;
    if (message === `word ${MESSAGES}`) break;
  }
  await published;
  return count;
}

/** @param {string} channel @returns {{ heard: (message: string) => void, hear: Work }} */
function listener(channel) {
  let count = 0;
  let end = () => {};
  return {
    heard(message) {
      if (message === `word ${count + 1}`) count++;
      if (message === `word ${MESSAGES}`) end();
    },
    async hear() {
      count = 0;
      const ended = new Promise((resolve) => (end = () => resolve(undefined)));
      await Promise.all([publish(channel), ended]);
      return count;
    },
  };
}

const byIoredis = listener("ioredis");
const ioredisSubscriber = ioredis.duplicate();
await ioredisSubscriber.subscribe("ioredis");
ioredisSubscriber.on("message", (_channel, message) => byIoredis.heard(message));
const byNodeRedis = listener("redis");
const nodeRedisSubscriber = nodeRedis.duplicate();
await nodeRedisSubscriber.connect();
await nodeRedisSubscriber.subscribe("redis", byNodeRedis.heard);

/** @type {Comparison[]} */
export const comparisons = [
  {
    what: "GET, one after the other",
    result: SERIAL,
    ambit: () => serially(get.ambit, SERIAL),
    rivals: [
      { name: "ioredis", target: { 26: 1.15 }, work: () => serially(get.ioredis, SERIAL) },
      { name: "redis", work: () => serially(get.nodeRedis, SERIAL) },
    ],
  },
  {
    what: "GET, 64 at a time",
    result: PARALLEL * EACH,
    ambit: together(get.ambit),
    rivals: [
      { name: "ioredis", target: { 26: 1.15 }, work: together(get.ioredis) },
      { name: "redis", work: together(get.nodeRedis) },
    ],
  },
  {
    what: "GET, pipelines of 100",
    result: PIPELINES * SIZE,
    ambit: pipelined.ambit,
    rivals: [
      { name: "ioredis", target: { 26: 1.15 }, work: pipelined.ioredis },
      { name: "redis", work: pipelined.nodeRedis },
    ],
  },
  {
    what: `a stream of ${ENTRIES} entries, ${PAGE} at a time`,
    result: ENTRIES,
    ambit: readByAmbit,
    rivals: [{ name: "ioredis", target: { 26: 1.15 }, work: readByIoredis }],
  },
  {
    what: `${MESSAGES} messages published, in an async iterator (rivals: in a callback)`,
    result: MESSAGES,
    ambit: hearByAmbit,
    rivals: [
      { name: "ioredis", target: { 26: 1.15 }, work: byIoredis.hear },
      { name: "redis", work: byNodeRedis.hear },
    ],
  },
];

/** Ends what was begun; measures nothing. @returns {Promise<Figure[]>} */
export async function measure() {
  await ambit.close();
  ioredis.disconnect();
  reader.disconnect();
  ioredisSubscriber.disconnect();
  nodeRedisSubscriber.destroy();
  nodeRedis.destroy();
  await server.stop();
  return [];
}
