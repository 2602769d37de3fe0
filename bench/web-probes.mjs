// What a web server does when clients leave, trickle, sit idle or come by the million, and when it is told to stop.
//
// Figures with limits, not ratios: each is good when it is not above its limit. AMBIT_BENCH_REQUESTS makes the long ones
// shorter.
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { disconnects } from "./webDisconnects.mjs";

/** @typedef {import("./compare.mjs").Figure} Figure */
/** @typedef {import("./webProbeServer.mjs").State} State */
/** @typedef {import("node:child_process").ChildProcess} ChildProcess */

const MANY = Number(process.env["AMBIT_BENCH_REQUESTS"] ?? 1_000_000);
const POSTS = Math.min(MANY, 100_000);
const IDLE = 10_000;
const MIB = 1024 * 1024;
const here = new URL(".", import.meta.url);

/**
 * The heap's new space has one size throughout: V8 lets it grow in steps of 12 MiB while there is load, that of a bare
 * node:http server too, which would hide whether anything stays.
 */
const FULL_SIZE = ["--min-semi-space-size=16", "--max-semi-space-size=16"];

/** @param {string} file @param {string[]} args @param {readonly string[]} flags */
function start(file, args = [], flags = []) {
  return fork(fileURLToPath(new URL(file, here)), args, { execArgv: ["--expose-gc", ...flags] });
}

/** @param {ChildProcess} child @returns {Promise<any>} */
async function heard(child) {
  const [message] = await once(child, "message");
  return message;
}

/** @param {object} options @param {(port: number, server: ChildProcess) => Promise<Figure[]>} body @param {readonly string[]} flags @returns {Promise<Figure[]>} */
async function serving(options, body, flags = []) {
  const server = start("webProbeServer.mjs", [JSON.stringify(options)], flags);
  const port = await heard(server);
  try {
    return await body(port, server);
  } finally {
    if (server.exitCode === null) {
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
    }
  }
}

/** @param {ChildProcess} server @returns {Promise<State>} */
function stateOf(server) {
  server.send("state");
  return heard(server);
}

/** @param {string} what @param {string} unit @param {number} value @param {number} limit @returns {Figure} */
function figure(what, unit, value, limit) {
  return { what, against: "limit", unit, value, target: { 20: limit, 26: limit } };
}

async function leaving() {
  const found = Object.entries(await disconnects());
  return found.flatMap(([kind, { median, most }]) => [
    figure(`client leaves, ${kind}: finally, median`, "ms", median, 5),
    figure(`client leaves, ${kind}: finally, at most`, "ms", most, 5),
  ]);
}

/** Requests over 64 connections. @param {number} port @param {number} requests @param {object} order */
async function load(port, requests, order) {
  const client = start("webLoad.mjs");
  client.send({ port, method: "GET", path: "/users/7", length: 1, requests, ...order });
  const { right } = await heard(client);
  client.disconnect();
  return requests - right;
}

function posts() {
  return serving({}, async (port, server) => {
    const wrong = await load(port, POSTS, { method: "POST", path: "/echo", body: "hello" });
    const { outcomes } = await stateOf(server);
    const others = POSTS - (outcomes["finished"] ?? 0);
    return [figure(`${POSTS} POSTs: cancelled or wrong`, "", Math.max(wrong, others), 0)];
  });
}

/** Memory after a tenth of them, and after all. */
function memory() {
  return serving(
    {},
    async (port, server) => {
      let wrong = await load(port, MANY / 10, {});
      const before = await stateOf(server);
      wrong += await load(port, MANY - MANY / 10, {});
      const after = await stateOf(server);
      return [
        figure(`${MANY} requests: wrong`, "", wrong, 0),
        figure("their memory: growth of RSS", "MiB", Math.max(after.rss - before.rss, 0) / MIB, 15),
        figure(
          "their memory: growth of the heap",
          "MiB",
          Math.max(after.heap - before.heap, 0) / MIB,
          1,
        ),
      ];
    },
    FULL_SIZE,
  );
}

/** Milliseconds until the server has cut off who sends a byte each 100 ms. @param {number} port @param {string} begin */
async function trickle(port, begin) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {}).resume();
  await once(socket, "connect");
  const started = performance.now();
  socket.write(begin);
  const timer = setInterval(() => socket.write("a"), 100);
  await once(socket, "end");
  clearInterval(timer);
  socket.destroy();
  return performance.now() - started;
}

function trickles() {
  return serving({ headTimeout: 1000 }, async (port) => {
    const head = await trickle(port, "GET / HTTP/1.1\r\nHost: a\r\nX-Long: ");
    const body = await trickle(
      port,
      "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n",
    );
    return [
      figure("trickling head, limit 1 s: cut after", "ms", head, 3000),
      figure("trickling body, limit 1 s: cut after", "ms", body, 3000),
    ];
  });
}

function idle() {
  return serving({}, async (port, server) => {
    /** @type {import("node:net").Socket[]} */
    const sockets = [];
    try {
      while (sockets.length < IDLE) {
        const some = Array.from({ length: 100 }, () => connect(port, "127.0.0.1"));
        sockets.push(...some);
        await Promise.all(some.map((socket) => once(socket, "connect")));
      }
      await load(port, 1000, {});
      const { rss } = await stateOf(server);
      return [figure(`${IDLE} idle connections: RSS`, "MiB", rss / MIB, 250)];
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
}

/** One connection after the other, each kept as long as the server likes, until it listens no more; gives what failed. @param {number} port @param {() => boolean} stopped */
async function lane(port, stopped) {
  let failed = 0;
  let unheard = 0;
  for (;;) {
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    const connected = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    if (connected !== true) return { failed: stopped() ? failed : failed + 1, unheard };
    for (let open = true, first = true; open; first = false) {
      socket.write("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
      const answer = await answerOf(socket);
      const right = answer.endsWith("waited");
      // Opened when the server was about to listen no more, and never heard: as good as refused.
      if (!right && first && answer === "" && stopped()) unheard++;
      else if (!right) failed++;
      open = right && !/\r\nconnection: close/i.test(answer);
    }
    socket.destroy();
  }
}

/** @param {import("node:net").Socket} socket @returns {Promise<string>} */
function answerOf(socket) {
  return new Promise((resolve) => {
    let text = "";
    const done = () => {
      socket.off("data", more).off("close", done).off("error", done);
      resolve(text);
    };
    /** @param {string} piece */
    const more = (piece) => {
      text += piece;
      if (text.endsWith("waited")) done();
    };
    socket.on("data", more).once("close", done).once("error", done);
  });
}

/** All is in flight when it comes; a connection that the system had accepted and the server had not is refused by design. */
function stopping() {
  return serving({ lameDuck: 200 }, async (port, server) => {
    let stopped = false;
    const lanes = Array.from({ length: 64 }, () => lane(port, () => stopped));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const ended = once(server, "exit");
    stopped = true;
    const began = performance.now();
    server.kill("SIGTERM");
    const results = await Promise.all(lanes);
    const [code] = await ended;
    const failed = results.reduce((sum, each) => sum + each.failed, code === 0 ? 0 : 1);
    const unheard = results.reduce((sum, each) => sum + each.unheard, 0);
    return [
      figure("SIGTERM under load: failed requests", "", failed, 0),
      { ...figure("SIGTERM under load: connections never heard", "", unheard, 0), target: {} },
      figure(
        "SIGTERM under load: until the process has ended",
        "ms",
        performance.now() - began,
        1000,
      ),
    ];
  });
}

/** @type {import("./compare.mjs").Comparison[]} */
export const comparisons = [];

export async function measure() {
  /** @type {Figure[]} */
  const figures = [];
  for (const probe of [leaving, trickles, stopping, idle, posts, memory])
    figures.push(...(await probe()));
  return figures;
}
