// Compiles src to dist, and every program to its own dist, when and only when something changed. The
// package's modules are joined into a few files (`bundle.mjs`).
//
// "Changed" is a fingerprint of the contents of all sources and configurations, kept with the list
// of files that the compiler wrote; one that is missing makes a build, too. The record lies in
// node_modules, so that a new compiler, which comes with a new node_modules, builds anew. Files
// that the compiler no longer writes are removed afterwards, never before, so that a program
// running meanwhile keeps its files.
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { bundle } from "./bundle.mjs";
import { StepFailed, runCommand } from "./command.mjs";

const SKIPPED = new Set(["node_modules", "dist", "tests", "generated", "downloads"]);

/** @typedef {{ name: string, project: string, sources: string[], dist: string, joined: boolean }} Target */
/** @typedef {{ fingerprint: string, files: string[] }} BuildRecord */

/**
 * What is compiled, in order: the package, then the programs that use it.
 * @param {string} root
 * @returns {Target[]}
 */
export function buildTargets(root) {
  return [
    { ...target("ambit", root, "tsconfig.build.json", listFiles(join(root, "src"))), joined: true },
    ...programFolders(root).map((folder) =>
      target(relative(root, folder), folder, "tsconfig.json", listFiles(folder)),
    ),
  ];
}

/** The folders of `programs/` that are compiled. @param {string} root */
function programFolders(root) {
  const programs = join(root, "programs");
  if (!existsSync(programs)) return [];
  const folders = readdirSync(programs).map((name) => join(programs, name));
  return folders.filter((folder) => existsSync(join(folder, "tsconfig.json")));
}

/**
 * @param {string} name @param {string} folder @param {string} config @param {string[]} files
 * @returns {Target}
 */
function target(name, folder, config, files) {
  const project = join(folder, config);
  const sources = files.filter((file) => /\.(ts|json)$/.test(file));
  return { name, project, sources, dist: join(folder, "dist"), joined: false };
}

/**
 * Tells why there must be a build, or undefined when everything is built.
 * @param {string} root
 * @returns {string | undefined}
 */
export function reasonToBuild(root) {
  const record = readRecord(root);
  if (record === undefined) return "nothing is built yet";
  if (record.fingerprint !== fingerprint(root)) return "sources changed";
  const missing = record.files.find((file) => !existsSync(join(root, file)));
  return missing && `${missing} is missing`;
}

/**
 * Compiles every target. Throws {@link StepFailed} with the compiler's words when one does not
 * compile.
 * @param {string} root
 */
export async function build(root) {
  const before = fingerprint(root);
  rmSync(recordFile(root), { force: true });
  /** @type {string[]} */
  const written = [];
  for (const each of buildTargets(root)) {
    const compiled = await compile(root, each);
    const files = each.joined ? await joinModules(root, each, compiled) : compiled;
    removeOthers(each.dist, new Set(files));
    written.push(...files);
  }
  for (const file of binFiles(root)) if (existsSync(file)) chmodSync(file, 0o755);
  const files = written.map((file) => relative(root, file));
  writeFileSync(recordFile(root), JSON.stringify({ fingerprint: before, files }));
}

/**
 * The package's modules in few files; the declarations stay.
 * @param {string} root @param {Target} what @param {readonly string[]} compiled
 * @returns {Promise<string[]>} the files that are wanted
 */
async function joinModules(root, { dist }, compiled) {
  const declarations = compiled.filter((file) => /\.d\.ts(\.map)?$/.test(file));
  return [...declarations, ...(await bundle(root, dist))];
}

/** @param {string} root @param {Target} what @returns {Promise<string[]>} the files written */
async function compile(root, { name, project }) {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const args = [tsc, "-p", project, "--listEmittedFiles", "--pretty", "false"];
  const { code, output } = await runCommand(process.execPath, args, { cwd: root });
  const lines = output.split("\n").filter((line) => line !== "");
  const emitted = lines.filter((line) => line.startsWith("TSFILE: "));
  if (code !== 0) {
    const errors = lines.filter((line) => !line.startsWith("TSFILE: ")).join("\n");
    throw new StepFailed(`${errors}\nBuilding ${name} failed: the compiler's errors are above.`);
  }
  return emitted.map((line) => resolve(root, line.slice("TSFILE: ".length)));
}

/** @param {string} dist @param {ReadonlySet<string>} wanted */
function removeOthers(dist, wanted) {
  if (!existsSync(dist)) return;
  for (const file of listFiles(dist)) if (!wanted.has(file)) rmSync(file);
}

/**
 * The files that package.json calls commands; tsc writes them without the right to be executed.
 * @param {string} root
 */
function binFiles(root) {
  return [root, ...programFolders(root)].flatMap((folder) => {
    const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const files = typeof bin === "string" ? [bin] : Object.values(bin ?? {});
    return files.map((file) => join(folder, file));
  });
}

/** @param {string} root */
function fingerprint(root) {
  const configs = ["tsconfig.base.json", "tsconfig.build.json", "package.json"].map((name) =>
    join(root, name),
  );
  const sources = buildTargets(root).flatMap((each) => each.sources);
  const hash = createHash("sha256");
  for (const file of [...configs, ...sources]) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  }
  return hash.digest("hex");
}

/**
 * Every file below `folder`, sorted, without installed, built and test files.
 * @param {string} folder
 * @returns {string[]}
 */
function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    })
    .sort();
}

/** @param {string} root */
function recordFile(root) {
  return join(root, "node_modules", ".ambit-build.json");
}

/** @param {string} root @returns {BuildRecord | undefined} */
function readRecord(root) {
  try {
    return JSON.parse(readFileSync(recordFile(root), "utf8"));
  } catch {
    return undefined;
  }
}
