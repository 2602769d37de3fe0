// `npm run test:nodes [22 24 …]`: the test suite, less what is tested once, on every Node.js line that
// is supported, one after the other.
//
// The Nodes come from npm (tests/nodes), so that nothing must be on the machine. What is built and
// what runs the tests is the same each time; only the `node` differs, also for the processes that
// tests start. A table closes the run, then `N passed, N failed` over all of them. With
// AMBIT_TESTS_END it leaves out what there is no time for, and says so.
import { readFileSync } from "node:fs";
import { delimiter, join, relative } from "node:path";
import { runCommand, say } from "./command.mjs";
import { root, setUp, setUpFolder } from "./setup.mjs";

/** @typedef {{ version: string, passed: number, failed: number, seconds: number }} Outcome */

const folder = join(root, "tests", "nodes");

/**
 * What `npm test` alone looks at, since Node has no part in it: what a kill leaves on the disk, which takes half a minute,
 * the names that CPython has, what a page does in a browser, what the compiler says, and what Bun and Deno do. And what
 * waits long for servers and processes, and stands on what is tested on each Node: a master that fails, a list that is
 * spread over workers, workers whose clock is wrong, or whose network is gone.
 */
const ONCE = [
  "tests/download/kill.test.ts",
  "programs/charfinder/tests/names/cpython.test.ts",
  "programs/charfinder/tests/browser/page.test.ts",
  "tests/cli/trace/page.test.ts",
  "tests/project/types.test.ts",
  "tests/web/runtimes.test.ts",
  "tests/redis/replicas.test.ts",
  "tests/redis/clusterFailover.test.ts",
  "tests/cli/get/workers.test.ts",
  "tests/distributed/clocks.test.ts",
  "tests/distributed/presence.test.ts",
];

/**
 * When it must have ended, in seconds since 1970, for who stops it then: no Node is begun that would not be through by that
 * time, to judge by those before it. A run that is stopped tells nothing, not even of what it has tested.
 */
const END = Number(process.env["AMBIT_TESTS_END"] ?? Infinity);
/** How many seconds the tests have taken on another Node, for the first one here. */
const TOOK = Number(process.env["AMBIT_TESTS_TOOK"] ?? 0);

/** The newest and the oldest first: what holds on both is likely to hold between them. @param {string[]} bins */
function endsFirst(bins) {
  return [...bins.slice(-1), ...bins.slice(0, -1)];
}

/** The folders with a `node` of the lines asked for, or of all. @param {string[]} lines */
function nodeFolders(lines) {
  const { dependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const known = Object.keys(dependencies);
  const wanted = lines.length > 0 ? lines.map((line) => `node${line}`) : known;
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const lineNames = known.map((name) => name.slice("node".length)).join(", ");
    say(`no Node.js ${unknown.slice("node".length)} in tests/nodes: there are ${lineNames}`);
    process.exit(2);
  }
  return wanted.map((name) => join(folder, "node_modules", name, "bin"));
}

/** @param {string} bin @returns {Promise<Outcome>} */
async function runTests(bin) {
  const env = { ...process.env, PATH: [bin, process.env["PATH"]].join(delimiter) };
  const node = join(bin, "node");
  const { output: version } = await runCommand(node, ["--version"], { cwd: root, env });
  say(`testing on Node.js ${version.trim()} …`);
  const started = performance.now();
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", ...ONCE.flatMap((file) => ["--exclude", file])];
  const { code, output } = await runCommand(node, args, { cwd: root, env });
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) process.stdout.write(output);
  return { version: version.trim(), seconds, ...tally(output, code) };
}

/**
 * A run that failed without a word of a failed test (a crash) counts as one failure.
 * @param {string} output
 * @param {number} code
 */
function tally(output, code) {
  const [, passed = "0", failed = "0"] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  return { passed: Number(passed), failed: Number(failed) || (code === 0 ? 0 : 1) };
}

/** @param {Outcome[]} outcomes */
function table(outcomes) {
  const rows = outcomes.map(({ version, passed, failed, seconds }) =>
    [version.padEnd(12), ...[passed, failed, seconds.toFixed(1)].map(column)].join(""),
  );
  return [
    "Node.js".padEnd(12) + ["passed", "failed", "seconds"].map(column).join(""),
    ...rows,
  ].join("\n");
}

/** @param {string | number} cell */
function column(cell) {
  return String(cell).padStart(9);
}

if (process.platform !== "linux" || process.arch !== "x64") {
  say("test:nodes runs on Linux x64 only, for which npm has every Node.js version");
  process.exit(1);
}
await setUp();
const bins = nodeFolders(process.argv.slice(2));
await setUpFolder("tests/nodes");
/** @type {Outcome[]} */
const outcomes = [];
for (const bin of endsFirst(bins)) {
  const before = outcomes.map(({ seconds }) => seconds);
  const expected = before.length === 0 ? TOOK : Math.max(...before);
  if (Date.now() / 1000 + expected > END)
    say(`NOT RUN: ${relative(folder, bin)}, for the time that was given ends before it would`);
  else outcomes.push(await runTests(bin));
}
const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
console.log(`\n${table(outcomes)}\n\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
