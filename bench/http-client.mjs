// HTTP clients: small GETs and POSTs of JSON, 64 at a time, against a server in another process.
//
// Each client is a process of its own that lives through all rounds: what is measured is a client that has been
// at work for a while. `bench/downloader.mjs` measures whole programs.
import { strict as assert } from "node:assert";
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { clients, POSTED } from "./httpClients.mjs";
import { figuresOf, inTurn } from "./inTurn.mjs";
import { peerPrograms } from "./peerPrograms.mjs";
import { ANSWER, WebServer } from "./webServer.mjs";

/** @typedef {import("./compare.mjs").Figure} Figure */
/** @typedef {import("./httpClientChild.mjs").Order} Order */
/** Takes an order, gives what it cost and how many answers were right. @typedef {{ name: string, send: (order: Order) => Promise<import("./inTurn.mjs").Cost & { right: number }>, end: () => void }} Client */

const REQUESTS = Number(process.env["AMBIT_BENCH_REQUESTS"] ?? 2000);
const ROUNDS = 5;
const WARM_UPS = 2;
const LANES = 64;
const SIZE = 2048;

/** @type {Record<string, import("./inTurn.mjs").Targets>} */
const TARGETS = {
  "undici request": { cpu: { 26: 1 } },
  "undici fetch": { cpu: { 26: 0.5 }, wall: { 26: 0.5 } },
  got: { cpu: { 26: 0.5 }, wall: { 26: 0.5 } },
  axios: { cpu: { 26: 0.5 }, wall: { 26: 0.5 } },
  ky: { cpu: { 26: 0.5 }, wall: { 26: 0.5 } },
  aiohttp: { cpu: { 26: 0.7 }, wall: { 26: 0.7 } },
};

const here = fileURLToPath(new URL(".", import.meta.url));
const pythons = peerPrograms(["aiohttp"]);

/** @param {string} name @returns {Client} */
function nodeClient(name) {
  const child = fork(join(here, "httpClientChild.mjs"), [name], { execArgv: ["--expose-gc"] });
  return {
    name,
    send: async (order) => {
      child.send(order);
      return answerOf(child, once(child, "message"));
    },
    end: () => child.disconnect(),
  };
}

/** @param {import("./peerPrograms.mjs").PeerProgram} program @returns {Client} */
function pythonClient({ name, command: [file = ""], env }) {
  const args = [join(here, "aiohttpClient.py"), JSON.stringify(POSTED), JSON.stringify(ANSWER)];
  const child = spawn(file, args, { env, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  return {
    name,
    send: async (order) => {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return JSON.parse(await answerOf(child, once(lines, "line")));
    },
    end: () => child.stdin.end(),
  };
}

/** @param {import("node:child_process").ChildProcess} child @param {Promise<any[]>} answer */
async function answerOf(child, answer) {
  const waiting = new AbortController();
  const { signal } = waiting;
  const ended = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`a client ended with code ${code}`);
  });
  ended.catch(() => {});
  const [value] = await Promise.race([answer, ended]);
  waiting.abort();
  return value;
}

/** @param {string} what @param {Order} order @param {readonly Client[]} all @returns {Promise<Figure[]>} */
async function compareAll(what, order, all) {
  const programs = all.map(({ name, send }) => ({
    name,
    run: async () => {
      const { right, ...cost } = await send(order);
      assert.equal(right, order.requests, `right answers of ${name}`);
      return cost;
    },
  }));
  const costs = await inTurn(programs, { rounds: ROUNDS, warmUps: WARM_UPS });
  const [[, ours = []] = [], ...rivals] = costs;
  return rivals.flatMap(([name, theirs]) => figuresOf(what, ours, name, theirs, TARGETS[name]));
}

/** @type {import("./compare.mjs").Comparison[]} */
export const comparisons = [];

export async function measure() {
  const server = await WebServer.start();
  const all = [...Object.keys(clients).map(nodeClient), ...pythons.map(pythonClient)];
  try {
    writeFileSync(join(server.files, "small"), Buffer.alloc(SIZE, "s"));
    const order = { requests: REQUESTS, lanes: LANES, size: SIZE };
    const get = /** @type {Order} */ ({ ...order, kind: "get", url: `${server.url}/small` });
    const post = /** @type {Order} */ ({ ...order, kind: "post", url: `${server.url}/post` });
    return [
      ...(await compareAll("GET of 2 KiB, 64 at a time", get, all)),
      ...(await compareAll("POST of JSON, 64 at a time", post, all)),
    ];
  } finally {
    for (const { end } of all) end();
    await server.end();
  }
}

/** The versions of what it compares with. @returns {Record<string, string>} */
export function peers() {
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const ours = ["undici", "got", "axios", "ky"].map((name) => [name, dependencies[name]]);
  return Object.fromEntries([...ours, ...pythons.map(({ name, version }) => [name, version])]);
}
