// `npm run bench [kernel sync queues …]`: measures on this Node.js and on 26, writes bench/results, prints tables.
//
// The peers and Node.js 26 come from npm into bench/, on demand. What is kept is free of dates and of absolute times: a
// second run changes figures only. A run by itself means little on a busy machine; see bench/compare.mjs.
import { fork } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tableOf, writeReadme } from "./benchTable.mjs";
import { say } from "./command.mjs";
import { bringDatabases } from "./databases.mjs";
import { bringAiofiles, bringDownloaders } from "./downloaders.mjs";
import { bringNginx } from "./nginx.mjs";
import { root, setUp, setUpFolder } from "./setup.mjs";

/** @typedef {import("./benchTable.mjs").Result} Result */
/** @typedef {import("./benchTable.mjs").Row} Row */
/** @typedef {{ what: string, against: string, unit: string, value: number, target: Record<string, number> }} Figure */
/** `peers`: versions that package.json does not tell. @typedef {{ figures: Figure[], peers: Record<string, string> }} Measured */
/** @typedef {{ line: string, version: string, path: string }} Node */

/** What each has to be brought besides packages of npm. @type {Record<string, (() => Promise<unknown>)[]>} */
const BENCHMARKS = {
  kernel: [],
  sync: [],
  queues: [],
  timers: [],
  streams: [],
  subprocess: [],
  executors: [],
  folders: [],
  files: [bringAiofiles],
  "http-client": [bringNginx, bringDownloaders],
  downloader: [bringNginx, bringDownloaders],
  web: [bringDownloaders],
  "web-probes": [],
  drivers: [bringDatabases],
  redis: [bringDatabases],
  distributed: [bringDatabases],
  tracing: [],
};
const NAMES = Object.keys(BENCHMARKS);
const folder = join(root, "bench");

/** Each line of Node.js once: the one that runs this, and 26. @returns {Node[]} */
function nodes() {
  const here = { version: process.versions.node, path: process.execPath };
  const there = join(folder, "node_modules", "node26");
  const { version } = JSON.parse(readFileSync(join(there, "package.json"), "utf8"));
  const found = [here, { version, path: join(there, "bin", "node") }];
  const lines = new Map(found.map((node) => [String(node.version.split(".")[0]), node]));
  return [...lines].map(([line, node]) => ({ line, ...node }));
}

/** Runs one benchmark on one Node.js. @param {string} name @param {Node} node @returns {Promise<Measured>} */
function measure(name, { path, version }) {
  say(`measuring ${name} on Node.js ${version} …`);
  return new Promise((resolve, reject) => {
    /** @type {Measured | undefined} */
    let measured;
    const options = { execPath: path, execArgv: ["--expose-gc"], cwd: folder };
    const child = fork(join(folder, "main.mjs"), [name], options);
    child.once("error", reject);
    child.on("message", (message) => (measured = /** @type {Measured} */ (message)));
    child.once("exit", (code) => {
      if (code === 0 && measured !== undefined) resolve(measured);
      else reject(new Error(`bench/${name}.mjs on Node.js ${version} ended with code ${code}`));
    });
  });
}

/** @param {string} name @param {readonly Node[]} all @returns {Promise<Result>} */
async function measureAll(name, all) {
  /** @type {Row[]} */
  const rows = [];
  let peers = peersOf(name);
  for (const node of all) {
    const measured = await measure(name, node);
    peers = { ...peers, ...measured.peers };
    for (const [i, figure] of measured.figures.entries()) {
      const { value, ...rest } = figure;
      const row = (rows[i] ??= { ...rest, measured: {} });
      row.measured[node.line] = threeDigits(value);
    }
  }
  const versions = Object.fromEntries(all.map(({ line, version }) => [line, version]));
  return { benchmark: name, nodes: versions, peers, rows };
}

/** More would be noise. @param {number} value */
function threeDigits(value) {
  return Number(value.toPrecision(3));
}

/** The versions of what a benchmark compares with. @param {string} name @returns {Record<string, string>} */
function peersOf(name) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = readFileSync(join(folder, `${name}.mjs`), "utf8");
  const parts = new RegExp(`apart: \\["(\\w+)"|from "\\./(${name}\\w+)\\.mjs"`, "g");
  const apart = [...text.matchAll(parts)].map(([, file, part]) => `${file ?? part}.mjs`);
  const texts = [text, ...apart.map((file) => readFileSync(join(folder, file), "utf8"))].join("\n");
  const used = Object.keys(dependencies).filter((peer) =>
    ['"', "/"].some((end) => texts.includes(`from "${peer}${end}`)),
  );
  return Object.fromEntries(used.map((peer) => [peer, dependencies[peer]]));
}

/** @param {string[]} wanted @returns {string[]} */
function namesOf(wanted) {
  const unknown = wanted.find((name) => !NAMES.includes(name));
  if (unknown === undefined) return wanted.length > 0 ? wanted : NAMES;
  say(`no benchmark ${unknown}: there are ${NAMES.join(", ")}`);
  process.exit(2);
}

const names = namesOf(process.argv.slice(2));
if (process.platform !== "linux" || process.arch !== "x64") {
  say("bench runs on Linux x64 only, for which npm has Node.js 26");
  process.exit(1);
}
await setUp();
await setUpFolder("bench");
const results = join(folder, "results");
mkdirSync(results, { recursive: true });
for (const name of names) {
  for (const bring of BENCHMARKS[name] ?? []) await bring();
  const result = await measureAll(name, nodes());
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  console.log(`\n${name}\n${tableOf([result])}`);
}
writeReadme(root);
