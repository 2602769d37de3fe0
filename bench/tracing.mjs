// What tracing costs a web server: the small JSON answer of `web.mjs`, never traced, with `ambit/tracing` loaded and off,
// with a span for each request that nobody samples, with spans that are thrown away, and with spans that are sent to
// Zipkin as JSON; and against the same server, traced by OpenTelemetry's SDK, which sends its spans there, too.
//
// Each server is a process of its own that lives through all rounds. CPU time of the server counts, in which is what it
// costs to encode and to send; what takes the spans is this process. How V8 compiles a server differs by some per cent
// from process to process, so there are several sets of them. It is some 1,600,000 requests in all.
import { strict as assert } from "node:assert";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { figuresOf, inTurn } from "./inTurn.mjs";

/** @typedef {{ name: string, port: number, child: import("node:child_process").ChildProcess }} Server */

const REQUESTS = Number(process.env["AMBIT_BENCH_REQUESTS"] ?? 10_000);
const SETS = 3;
const ROUNDS = 5;
const WARM_UPS = 4;
const here = fileURLToPath(new URL(".", import.meta.url));

/** The largest ratios of CPU time to a server that is never traced. @type {Record<string, import("./inTurn.mjs").Targets>} */
const TARGETS = {
  loaded: { cpu: { 20: 1.03, 26: 1.03 } },
  unsampled: {},
  made: {},
  sent: { cpu: { 20: 1.1, 26: 1.1 } },
  rival: {},
};

const WORDS = {
  loaded: "tracing loaded and off",
  unsampled: "tracing on, nothing sampled",
  made: "a span for each request, thrown away",
  sent: "a span for each request, sent to Zipkin",
};

/** @type {import("./compare.mjs").Comparison[]} */
export const comparisons = [];

export async function measure() {
  let taken = 0;
  const sink = createServer((request, response) => {
    request.on("data", (piece) => (taken += piece.length));
    request.on("end", () => response.writeHead(202).end());
  }).listen(0, "127.0.0.1");
  await once(sink, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (sink.address());
  /** @type {Map<string, import("./inTurn.mjs").Cost[]>} */
  const costs = new Map();
  try {
    for (let set = 0; set < SETS; set++)
      for (const [name, more] of await costsOfSet(`http://127.0.0.1:${port}/`))
        costs.set(name, [...(costs.get(name) ?? []), ...more]);
  } finally {
    sink.close();
    sink.closeAllConnections();
  }
  assert.ok(taken > REQUESTS * ROUNDS * SETS * 100, "spans came");
  const never = costs.get("never") ?? [];
  const figures = Object.entries(WORDS).flatMap(([name, words]) =>
    figuresOf(words, costs.get(name) ?? [], "never traced", never, TARGETS[name]),
  );
  const [sent, theirs] = [costs.get("sent") ?? [], costs.get("rival") ?? []];
  const rival = "OpenTelemetry's SDK, instrumentation and exporter";
  return [...figures, ...figuresOf(WORDS.sent, sent, rival, theirs, TARGETS["rival"])];
}

/** Of one server of each kind, round by round. @param {string} sink */
async function costsOfSet(sink) {
  const client = fork(join(here, "webLoad.mjs"));
  /** @type {Server[]} */
  const servers = [];
  try {
    for (const name of ["never", ...Object.keys(WORDS), "rival"])
      servers.push(await serverOf(name, sink));
    return await inTurn(
      servers.map((server) => ({ name: server.name, run: () => load(server, client) })),
      { rounds: ROUNDS, warmUps: WARM_UPS },
    );
  } finally {
    client.disconnect();
    for (const { child } of servers) child.disconnect();
  }
}

/** The versions of what it compares with. @returns {Record<string, string>} */
export function peers() {
  const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const names = ["sdk-trace-node", "instrumentation-http", "exporter-zipkin"];
  const ours = names.map((name) => `@opentelemetry/${name}`);
  return Object.fromEntries(ours.map((name) => [name, dependencies[name]]));
}

/** @param {string} name @param {string} sink @returns {Promise<Server>} */
async function serverOf(name, sink) {
  const options = { execArgv: ["--expose-gc"], env: { ...process.env, NODE_ENV: "production" } };
  const child = fork(join(here, "tracingServer.mjs"), [name, sink], options);
  const [port] = await once(child, "message");
  return { name, port, child };
}

/** @param {Server} server @param {import("node:child_process").ChildProcess} client */
async function load({ name, port, child }, client) {
  const before = await spent(child);
  const order = { port, path: "/users/12345", method: "GET", length: 40, requests: REQUESTS };
  client.send(order);
  const [{ wall, right }] = await once(client, "message");
  assert.equal(right, REQUESTS, `right answers of ${name}`);
  return { wall, cpu: (await spent(child)) - before };
}

/** @param {import("node:child_process").ChildProcess} child @returns {Promise<number>} */
async function spent(child) {
  child.send("spent");
  const [{ cpu, dropped }] = await once(child, "message");
  assert.equal(dropped, 0, "spans that were dropped");
  return cpu;
}
