// Downloaders as whole programs, start and end included: 10,000 small files, one of 1 GiB, and 194 flags from a
// server that takes 100 ms to answer.
//
// Files go to tmpfs where there is one, for a disk would be most of the time, and everybody's the same. After
// each run all bytes are counted, and removed.
import { strict as assert } from "node:assert";
import { closeSync, existsSync, ftruncateSync, mkdirSync, mkdtempSync, openSync } from "node:fs";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./compare.mjs";
import { figuresOf, inTurn } from "./inTurn.mjs";
import { peerPrograms } from "./peerPrograms.mjs";
import { WebServer } from "./webServer.mjs";
import { costOf } from "./wholeProgram.mjs";

/** @typedef {import("./compare.mjs").Figure} Figure */
/** @typedef {import("./compare.mjs").Target} Target */
/** @typedef {import("./inTurn.mjs").Cost} Cost */
/** @typedef {import("./inTurn.mjs").Program} Program */
/** @typedef {import("./inTurn.mjs").Targets} Targets */
/** What is downloaded: URLs, so many at a time, so large each. @typedef {{ urls: string[], lanes: number, size: number }} Load */
/** The files that say what to download, and where to. @typedef {{ out: string, plain: string, curl: string }} Paths */
/** @typedef {(load: Load, paths: Paths) => string[]} Arguments */

const ROUNDS = 5;
const WARM_UPS = 1;
const FILES = Number(process.env["AMBIT_BENCH_FILES"] ?? 10_000);
const GIGABYTE = Number(process.env["AMBIT_BENCH_BYTES"] ?? 1 << 30);
const FLAGS = 194;
const FLAG = 12 * 1024;
const LATENCY = 0.1;

const here = fileURLToPath(new URL(".", import.meta.url));
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const programs = peerPrograms(["curl", "aria2", "wget2", "aiohttp"]);

/** @param {string} file */
const node = (file) => [process.execPath, join(here, file)];

/** @type {Arguments} */
const ambitGet = ({ lanes }, { out, plain }) => {
  const limits = ["-j", String(lanes), "--per-host", String(lanes)];
  return [...node("../dist/cli/main.js"), "get", "-q", "-i", plain, "-d", out, ...limits];
};

/** @type {Arguments} */
const library = ({ lanes }, { out, plain }) =>
  node("libraryDownloader.mjs").concat(out, plain, String(lanes));

/** @type {Arguments} */
const fetched = ({ urls: [url = "", ...more] }, { out, plain }) =>
  node("fetchDownloader.mjs").concat(more.length === 0 ? ["one", out, url] : ["many", out, plain]);

/** Of the programs that are not Node.js: what comes after their own names. @type {Record<string, Arguments>} */
const ARGUMENTS = {
  curl: ({ urls: { length }, lanes }, { curl }) => {
    const parallel = ["-Z", "--parallel-immediate", "--parallel-max", String(lanes)];
    return ["-sS", "-K", curl].concat(length === 1 ? [] : parallel);
  },
  aria2: ({ urls: { length }, lanes }, { out, plain }) => {
    const often = length === 1 ? ["-x4", "-s4"] : [`-j${lanes}`, "-x1"];
    return ["-q", "--file-allocation=none", "-i", plain, "-d", out, ...often];
  },
  wget2: ({ lanes }, { out, plain }) => ["-q", "-i", plain, `--max-threads=${lanes}`, "-P", out],
  aiohttp: ({ lanes }, { out, plain }) => [
    join(here, "aiohttpDownloader.py"),
    out,
    plain,
    String(lanes),
  ],
};

/** @param {Load} load @param {Paths} paths */
function assertWhole({ urls, size }, { out }) {
  const sizes = readdirSync(out)
    .filter((name) => !name.startsWith("."))
    .map((name) => statSync(join(out, name)).size);
  assert.equal(sizes.length, urls.length, "files");
  assert.ok(
    sizes.every((each) => each === size),
    "each file has its size",
  );
}

/** @param {Load} load @param {string} folder @returns {Paths} */
function writeLists({ urls }, folder) {
  const paths = {
    out: join(folder, "out"),
    plain: join(folder, "list"),
    curl: join(folder, "curl"),
  };
  /** @param {string} url */
  const output = (url) => join(paths.out, url.slice(url.lastIndexOf("/") + 1));
  writeFileSync(paths.plain, `${urls.join("\n")}\n`);
  writeFileSync(paths.curl, urls.map((url) => `url=${url}\noutput=${output(url)}\n`).join(""));
  return paths;
}

/**
 * Has programs download the same in turn.
 * @param {Load} load
 * @param {readonly [name: string, args: Arguments][]} ours
 * @returns {Promise<Map<string, Cost[]>>} by name, ours first
 */
async function race(load, ours) {
  const folder = mkdtempSync(join(memory, "ambit-bench-"));
  const paths = writeLists(load, folder);
  /** @param {string} name @param {readonly string[]} command @param {NodeJS.ProcessEnv} env @returns {Program} */
  const program = (name, command, env) => ({
    name,
    run: async () => {
      mkdirSync(paths.out);
      try {
        const cost = await costOf(command, { env, cwd: folder });
        assertWhole(load, paths);
        return cost;
      } finally {
        rmSync(paths.out, { recursive: true });
      }
    },
  });
  const all = [
    ...ours.map(([name, args]) => program(name, args(load, paths), process.env)),
    ...programs.map(({ name, command, env }) =>
      program(name, [...command, .../** @type {Arguments} */ (ARGUMENTS[name])(load, paths)], env),
    ),
  ];
  try {
    return await inTurn(all, { rounds: ROUNDS, warmUps: WARM_UPS });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} what @param {Map<string, Cost[]>} costs @param {readonly string[]} ours @param {Record<string, Targets>} targets */
function compareWith(what, costs, ours, targets) {
  const rivals = [...costs].filter(([name]) => !ours.includes(name));
  return ours.flatMap((name) =>
    rivals.flatMap(([rival, theirs]) =>
      figuresOf(`${what}, ${name}`, costs.get(name) ?? [], rival, theirs, targets[rival]),
    ),
  );
}

/** @param {WebServer} server @returns {Promise<Figure[]>} */
async function smallFiles(server) {
  const names = Array.from({ length: FILES }, (_, i) => `${i}.bin`);
  for (const name of names) writeFileSync(join(server.files, name), Buffer.alloc(2048, name));
  const load = { urls: names.map((name) => `${server.url}/${name}`), lanes: 64, size: 2048 };
  const costs = await race(load, [
    ["ambit get", ambitGet],
    ["ambit/download", library],
    ["fetch + writeFile", fetched],
  ]);
  return compareWith("10,000 files of 2 KiB", costs, ["ambit get", "ambit/download"], {
    curl: { wall: { 26: 1.2 } },
    wget2: { wall: { 26: 1 } },
    aria2: { cpu: { 26: 0.5 }, wall: { 26: 0.5 } },
    aiohttp: { cpu: { 26: 0.5 }, wall: { 26: 0.5 } },
    "fetch + writeFile": { wall: { 26: 0.35 } },
  });
}

/** @param {WebServer} server @returns {Promise<Figure[]>} */
async function bigFile(server) {
  const fd = openSync(join(server.files, "big"), "w");
  ftruncateSync(fd, GIGABYTE);
  closeSync(fd);
  const load = { urls: [`${server.url}/big`], lanes: 1, size: GIGABYTE };
  const costs = await race(load, [
    ["ambit get", ambitGet],
    ["fetch + pipeline", fetched],
  ]);
  costs.delete("aiohttp"); // Nobody reads a file of 1 GiB into memory first.
  return compareWith("one file of 1 GiB", costs, ["ambit get"], {
    curl: { wall: { 26: 1 } },
    aria2: { wall: { 26: 0.7 } },
    "fetch + pipeline": { cpu: { 26: 0.75 }, wall: { 26: 0.75 } },
  });
}

/** @param {WebServer} server @param {number} lanes @returns {Promise<Figure[]>} */
async function flags(server, lanes) {
  const urls = Array.from({ length: FLAGS }, (_, i) => `${server.lateUrl}/${i}.gif`);
  const costs = await race({ urls, lanes, size: FLAG }, [["ambit get", ambitGet]]);
  const what = `194 flags, 100 ms late, ${lanes} at a time`;
  const wall = median((costs.get("ambit get") ?? []).map((cost) => cost.wall));
  const floor = Math.ceil(FLAGS / lanes) * LATENCY;
  const whole = {
    what: `${what}, ambit get: wall time`,
    against: "1.2 times the latency + 0.15 s",
    unit: "x",
    value: wall / (1.2 * floor + 0.15),
    target: { 26: 1 },
  };
  const rest = compareWith(what, costs, ["ambit get"], {
    aria2: { wall: { 26: 1 } },
    aiohttp: { wall: { 26: 1 } },
  });
  return [whole, ...rest.filter(({ what: each }) => each.endsWith("wall time"))];
}

/** @type {import("./compare.mjs").Comparison[]} */
export const comparisons = [];

export async function measure() {
  const server = await WebServer.start();
  try {
    const small = await smallFiles(server);
    const big = await bigFile(server);
    return [...small, ...big, ...(await flags(server, 50)), ...(await flags(server, FLAGS))];
  } finally {
    await server.end();
  }
}

/** The versions of what it compares with. @returns {Record<string, string>} */
export function peers() {
  return Object.fromEntries(programs.map(({ name, version }) => [name, version]));
}
