// Web servers: a small JSON answer behind a router and a middleware, a POST of JSON, a file, over 64 connections.
//
// Each server is a process of its own that lives through all rounds, and so is the client. What a request costs its
// server in CPU time counts first: the client needs the other core.
import { strict as assert } from "node:assert";
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { figuresOf, inTurn } from "./inTurn.mjs";
import { peerPrograms } from "./peerPrograms.mjs";
import { contenders } from "./webContenders.mjs";

/** @typedef {import("./compare.mjs").Figure} Figure */
/** @typedef {import("./webLoad.mjs").Order} Order */
/** @typedef {import("./webLoad.mjs").Loaded} Loaded */
/** `spent` in seconds of CPU. @typedef {{ name: string, port: number, spent: () => Promise<number>, end: () => void }} Server */
/** @typedef {Omit<Order, "port" | "requests"> & { what: string, share: number, targets: Record<string, import("./inTurn.mjs").Targets> }} Task */

const REQUESTS = Number(process.env["AMBIT_BENCH_REQUESTS"] ?? 10_000);
const ROUNDS = 5;
const WARM_UPS = 2;
const SIZE = 100 * 1024;
/** What /proc counts in. */
const TICKS = 100;

const here = fileURLToPath(new URL(".", import.meta.url));
const pythons = peerPrograms(["aiohttp"]);
const posted = JSON.stringify({ id: 7, name: "user 7", tags: ["a", "b"], text: "x".repeat(200) });

/** @type {Task[]} */
const TASKS = [
  {
    what: "GET of JSON, 64 at a time",
    path: "/users/12345",
    method: "GET",
    length: 40,
    share: 1,
    targets: {
      "node:http": { cpu: { 20: 1.45, 26: 1.2 } },
      fastify: { cpu: { 26: 1.1 } },
      hono: { cpu: { 26: 1 } },
      koa: { cpu: { 26: 0.55 } },
      aiohttp: { wall: { 26: 0.5 } },
    },
  },
  {
    what: "POST of JSON, 64 at a time",
    path: "/echo",
    method: "POST",
    body: posted,
    length: posted.length,
    share: 1,
    targets: { "node:http": { cpu: { 20: 1.3, 26: 1.3 } } },
  },
  {
    what: "a file of 100 KiB, 64 at a time",
    path: "/static/file.txt",
    method: "GET",
    length: SIZE,
    share: 0.2,
    targets: { "node:http": { cpu: { 20: 0.75, 26: 0.75 } } },
  },
];

/** @param {string} name @param {string} folder @returns {Promise<Server>} */
async function nodeServer(name, folder) {
  const options = { execArgv: ["--expose-gc"], env: { ...process.env, NODE_ENV: "production" } };
  const child = fork(join(here, "webContender.mjs"), [name, folder], options);
  const [port] = await answerOf(child);
  const spent = async () => {
    child.send("spent");
    const [{ cpu }] = await answerOf(child);
    return cpu;
  };
  return { name, port, spent, end: () => child.disconnect() };
}

/** @param {import("./peerPrograms.mjs").PeerProgram} program @param {string} folder @returns {Promise<Server>} */
async function pythonServer({ name, command: [file = ""], env }, folder) {
  const child = spawn(file, [join(here, "aiohttpWeb.py"), folder], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const spent = async () => {
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(" ");
    return (Number(fields[13]) + Number(fields[14])) / TICKS;
  };
  return { name, port: Number(line), spent, end: () => child.stdin.end() };
}

/** The next message, or the child's end. @param {import("node:child_process").ChildProcess} child @returns {Promise<any[]>} */
function answerOf(child) {
  return new Promise((resolve, reject) => {
    /** @param {unknown} message */
    const heard = (message) => {
      child.off("exit", ended);
      resolve([message]);
    };
    /** @param {number | null} code */
    const ended = (code) => {
      child.off("message", heard);
      reject(new Error(`a process ended with code ${code}`));
    };
    child.once("message", heard).once("exit", ended);
  });
}

/** @param {Task} task @param {readonly Server[]} servers @param {import("node:child_process").ChildProcess} client @returns {Promise<Figure[]>} */
async function compareAll({ what, path, share, targets, ...order }, servers, client) {
  const requests = Math.round(REQUESTS * share);
  const programs = servers.map(({ name, port, spent }) => ({
    name,
    run: async () => {
      const before = await spent();
      client.send({ ...order, requests, port, path });
      const [{ wall, right }] = await answerOf(client);
      assert.equal(right, requests, `right answers of ${name}`);
      return { wall, cpu: (await spent()) - before };
    },
  }));
  const costs = await inTurn(programs, { rounds: ROUNDS, warmUps: WARM_UPS });
  const [[, ours = []] = [], ...rivals] = costs;
  return rivals.flatMap(([name, theirs]) => figuresOf(what, ours, name, theirs, targets[name]));
}

/** @type {import("./compare.mjs").Comparison[]} */
export const comparisons = [];

export async function measure() {
  const folder = mkdtempSync(join(tmpdir(), "ambit-bench-"));
  writeFileSync(join(folder, "file.txt"), Buffer.alloc(SIZE, "s"));
  const client = fork(join(here, "webLoad.mjs"));
  /** @type {Server[]} */
  const servers = [];
  /** @type {Figure[]} */
  const figures = [];
  try {
    for (const name of Object.keys(contenders)) servers.push(await nodeServer(name, folder));
    for (const each of pythons) servers.push(await pythonServer(each, folder));
    for (const task of TASKS) figures.push(...(await compareAll(task, servers, client)));
    return figures;
  } finally {
    client.disconnect();
    for (const { end } of servers) end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The versions of what it compares with. @returns {Record<string, string>} */
export function peers() {
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const names = ["fastify", "hono", "@hono/node-server", "koa", "@koa/router", "express"];
  const ours = names.map((name) => [name, dependencies[name]]);
  return Object.fromEntries([...ours, ...pythons.map(({ name, version }) => [name, version])]);
}
