// `npm run conformance`: runs all tests and writes docs/conformance.md, which says test by test
// what of CPython's own asyncio tests ours pin.
//
// A test of ours names CPython's at the end of its title:
//
//     (CPython: test_tasks BaseTaskTests.test_cancel, BaseTaskTests.test_wait; test_locks …)
//     (CPython, differs: test_tasks BaseTaskTests.test_cancel_current_task)
//
// the second where Ambit's own rule differs on purpose. tests/conformance/catalogue.json lists
// CPython's tests with a verdict: `yes` and `adapted` must be pinned, `no` has no counterpart, and
// why. `overruled` turns a verdict round and says why, `differs` says why we differ, `later` names
// the part of Ambit that a row waits for. The page comes from the catalogue and the titles of tests
// that passed; nothing in it is typed by hand.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { conformancePage } from "./conformancePage.mjs";
import { root, setUp } from "./setup.mjs";

/**
 * @typedef {{
 *   name: string, verdict: "yes" | "adapted" | "no", reason?: string, newer?: boolean,
 *   overruled?: string, differs?: string, later?: string,
 * }} Row A test of CPython's.
 * @typedef {Record<string, Row[]>} Catalogue By module.
 * @typedef {{ file: string, within: string, title: string }} Passed A test of ours that passed, and
 *   the names of the blocks that it is in.
 * @typedef {{ file: string, title: string, differs: boolean }} Pin
 * @typedef {{ row: Row, pins: Pin[], wanted: boolean }} Entry
 */

const PAGE = join(root, "docs", "conformance.md");
const CATALOGUE = join(root, "tests", "conformance", "catalogue.json");
const PASSED = join(root, "generated", "passedConformance.json");
const MARK = /\s*\(CPython(, differs)?: ([^()]*)\)/g;

/** Whether a title names tests of CPython's. @param {string} title */
export function namesCPython(title) {
  return title.includes("(CPython");
}

/** Remembers the titles of a full run for the page. @param {Passed[]} passed */
export function rememberPassed(passed) {
  mkdirSync(join(root, "generated"), { recursive: true });
  writeFileSync(PASSED, JSON.stringify(passed, null, 1));
}

/**
 * What is wrong after a full run in which everything passed: rows that nobody pins, names that no
 * row has, a page that is not the one that would be written now.
 * @param {Passed[]} passed
 * @returns {string[]}
 */
export function complaints(passed) {
  const { modules, problems } = compare(passed, readCatalogue());
  const page = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  if (page !== conformancePage(modules)) {
    problems.push("docs/conformance.md is not what the tests say now: npm run conformance");
  }
  return problems;
}

/** @returns {Catalogue} */
function readCatalogue() {
  return JSON.parse(readFileSync(CATALOGUE, "utf8"));
}

/**
 * The catalogue beside what passed.
 * @param {Passed[]} passed
 * @param {Catalogue} catalogue
 */
export function compare(passed, catalogue) {
  /** @type {string[]} */
  const problems = [];
  const pins = pinsOf(passed, catalogue, problems);
  const modules = Object.entries(catalogue).map(([module, rows]) => ({
    module,
    entries: rows.map((row) => entryOf(row, pins.get(`${module} ${row.name}`) ?? [])),
  }));
  for (const { module, entries } of modules) {
    for (const entry of entries) problems.push(...problemsOf(module, entry));
  }
  return { modules, problems };
}

/** @param {Row} row @param {Pin[]} pins @returns {Entry} */
function entryOf(row, pins) {
  const counterpart = (row.verdict !== "no") !== (row.overruled !== undefined);
  return { row, pins, wanted: pins.length > 0 || (counterpart && row.later === undefined) };
}

/** @param {string} module @param {Entry} entry */
function problemsOf(module, { row, pins, wanted }) {
  const name = `${module} ${row.name}`;
  if (wanted && pins.length === 0) return [`no test pins ${name}`];
  const differs = pins.some((pin) => pin.differs);
  if (differs && row.differs === undefined) {
    return [`${name} is said to differ: the catalogue must say why (\`differs\`)`];
  }
  if (!differs && row.differs !== undefined) {
    return [`the catalogue says that ${name} differs, but no title does`];
  }
  return [];
}

/**
 * Which tests of ours name which of CPython's.
 * @param {Passed[]} passed
 * @param {Catalogue} catalogue
 * @param {string[]} problems
 */
function pinsOf(passed, catalogue, problems) {
  /** @type {Map<string, Pin[]>} */
  const pins = new Map();
  for (const { file, within, title } of passed) {
    const plain = title.replace(MARK, "");
    if (namesCPython(plain)) problems.push(`${file}: cannot read the names in "${title}"`);
    for (const { name, differs } of namesIn(title)) {
      const [module = "", test] = name.split(" ");
      if (!catalogue[module]?.some((row) => row.name === test)) {
        problems.push(`${file}: CPython has no test "${name}", named in "${title}"`);
      }
      const known = pins.get(name) ?? [];
      pins.set(name, known);
      addPin(known, { file, title: plain, differs }, within);
    }
  }
  for (const list of pins.values())
    list.sort((a, b) => compareText(a.file + a.title, b.file + b.title));
  return pins;
}

/**
 * Adds a pin. A test that runs in several blocks of the same kind (`on the virtual loop`, `on the
 * real loop`) counts once, without the name of its block; any other is named with it.
 * @param {Pin[]} pins
 * @param {Pin} pin
 * @param {string} within
 */
function addPin(pins, pin, within) {
  const twin = pins.find(
    ({ file, title }) => file === pin.file && `: ${title}`.endsWith(`: ${pin.title}`),
  );
  if (twin !== undefined) twin.title = pin.title;
  else pins.push({ ...pin, title: within === "" ? pin.title : `${within}: ${pin.title}` });
}

/** @param {string} title */
function namesIn(title) {
  return [...title.matchAll(MARK)].flatMap(([, differs, list = ""]) =>
    list.split(";").flatMap((part) => {
      const [module = "", ...names] = part.trim().split(/,?\s+/);
      return names.map((name) => ({ name: `${module} ${name}`, differs: differs !== undefined }));
    }),
  );
}

/** @param {string} a @param {string} b */
function compareText(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A path as the page shows it. @param {string} path */
export function pathFromRoot(path) {
  return relative(root, path).split(sep).join("/");
}

async function main() {
  await setUp();
  rmSync(PASSED, { force: true });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const env = { ...process.env, AMBIT_CONFORMANCE: "write" };
  const options = /** @type {const} */ ({ cwd: root, stdio: "inherit", env });
  const { status } = spawnSync(process.execPath, [vitest, "run"], options);
  if (!existsSync(PASSED)) throw new Error("the tests did not run to their end: no page written");
  const { modules, problems } = compare(JSON.parse(readFileSync(PASSED, "utf8")), readCatalogue());
  writeFileSync(PAGE, conformancePage(modules));
  for (const problem of problems) console.log(problem);
  console.log(`wrote docs/conformance.md; ${problems.length} problems`);
  process.exitCode = problems.length > 0 ? 1 : (status ?? 1);
}

if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? "")).href) await main();
