// The performance table of the README, made from bench/results: `node scripts/benchTable.mjs`.
//
// It stands between two marker comments and is never typed. `npm run bench` calls this at its end; run by hand it writes
// the table anew from the results that are there.
import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** `measured` and `target` by Node.js line; good is what is not above the target. @typedef {{ what: string, against: string, unit: string, target: Record<string, number>, measured: Record<string, number> }} Row */
/** @typedef {{ benchmark: string, nodes: Record<string, string>, peers: Record<string, string>, rows: Row[] }} Result */

const ORDER = ["kernel", "sync", "queues", "timers", "streams", "subprocess"].concat([
  "executors",
  "files",
  "folders",
  "http-client",
  "downloader",
  "web",
  "drivers",
  "redis",
  "distributed",
  "tracing",
]);
const BEGIN = "<!-- performance: written by scripts/benchTable.mjs -->";
const END = "<!-- end of performance -->";

/** The results that are there, in order. @param {string} root @returns {Result[]} */
export function readResults(root) {
  const files = ORDER.map((name) => join(root, "bench", "results", `${name}.json`));
  return files
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")));
}

/** A table in Markdown, its columns aligned. @param {readonly Result[]} results */
export function tableOf(results) {
  const lines = [...new Set(results.flatMap(({ nodes }) => Object.keys(nodes)))].sort();
  const head = ["what", "against", ...lines.map((line) => `Node.js ${line}`), "target", ""];
  const body = results.flatMap(({ rows }) => rows.map((row) => cells(row, lines)));
  return aligned([head, ...body]);
}

/** @param {Row} row @param {readonly string[]} lines */
function cells(row, lines) {
  const measured = lines.map((line) => figure(row.measured[line], row.unit));
  return [row.what, row.against, ...measured, targetWords(row, lines), verdict(row)];
}

/** @param {number | undefined} value @param {string} unit */
function figure(value, unit) {
  if (value === undefined) return "";
  const digits =
    value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 3;
  return `${value.toFixed(digits)}${unit === "x" ? "x" : unit && ` ${unit}`}`;
}

/** `at most 4x`, or where the lines of Node.js differ, `at most 7x, 4x`. @param {Row} row @param {readonly string[]} lines */
function targetWords({ target, unit }, lines) {
  const wanted = lines.filter((line) => target[line] !== undefined);
  const words = new Set(wanted.map((line) => figure(target[line], unit)));
  if (words.size === 0) return "";
  const only = wanted.length < lines.length ? ` (${wanted.join(", ")})` : "";
  return `${[...words].join(", ")}${only}`;
}

/** @param {Row} row */
function verdict({ target, measured }) {
  const compared = Object.keys(target).filter((line) => measured[line] !== undefined);
  if (compared.length === 0) return "";
  const missed = compared.filter((line) => Number(measured[line]) > Number(target[line]));
  if (missed.length === 0) return "met";
  return missed.length === compared.length ? "missed" : `missed on ${missed.join(", ")}`;
}

/** @param {readonly string[][]} rows The first is the head. */
function aligned(rows) {
  const [head = [], ...body] = rows;
  const widths = head.map((_, i) => Math.max(3, ...rows.map((row) => row[i]?.length ?? 0)));
  const rule = widths.map((width) => "-".repeat(width));
  /** @param {readonly string[]} row */
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [head, rule, ...body].map(line).join("\n");
}

/** What stands between the markers. @param {string} root */
export function readmeTable(root) {
  const results = readResults(root);
  const versions = Object.assign({}, ...results.map(({ nodes }) => nodes));
  const peers = Object.assign({}, ...results.map((result) => result.peers));
  const names = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return [
    tableOf(results),
    `Measured on Node.js ${Object.values(versions).join(" and ")} against ${names.join(", ")}.`,
  ].join("\n\n");
}

/** The README with the table in its place. @param {string} root */
export function readmeWithTable(root) {
  const text = readFileSync(join(root, "README.md"), "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin)
    throw new Error(`README.md lacks the markers ${BEGIN} and ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${readmeTable(root)}\n\n${text.slice(end)}`;
}

/** @param {string} root */
export function writeReadme(root) {
  writeFileSync(join(root, "README.md"), readmeWithTable(root));
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? "")).href) {
  writeReadme(dirname(dirname(fileURLToPath(import.meta.url))));
}
