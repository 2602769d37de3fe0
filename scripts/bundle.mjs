// Joins the compiled modules of the package into a few files, one for each entry and one for each
// folder of src that several of them share.
//
// Why: Node.js spends half a millisecond and more on each module that it loads, whatever is in it;
// `import "ambit"` would take twice as long as it has to. Comments are dropped, for they have to be
// read, too, and what is not ASCII is written as escapes: V8 reads a file of single bytes in three
// quarters of the time. The source maps lead to src, and the declarations stay as the compiler wrote
// them. What workers of pools load is apart from the rest, since a first call waits for it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** @typedef {{ bin?: object, exports?: object, imports?: Record<string, unknown> }} Manifest */

/** Where the shared files go; one level below dist, as deep as what they were made of. */
const SHARED = "chunks";

/** The imports of package.json that run in the workers of pools. */
const WORKERS = ["#futures-thread", "#futures-process"];

/** What a compiled module imports from beside it. */
const IMPORTED = /^(?:import|export)\b[^;"']*?(?:\bfrom)?\s*"(\.[^"]+)"/gm;

/** What workers do not need of a folder whose name is taken. @type {Record<string, string>} */
const NAMES = { core: "tasks" };

/** The folders of src that others import, from the lowest floor up; any other comes after them. */
const FLOORS = [
  "core",
  "sync",
  "queues",
  "flow",
  "streams",
  "futures",
  "subprocess",
  "files",
  "node",
  "webSockets",
  "http",
  "download",
  "web",
  "sql",
];

/**
 * Joins `dist/**.js` in place. Gives the files that it wrote.
 * @param {string} root @param {string} dist
 * @returns {Promise<string[]>}
 */
export async function bundle(root, dist) {
  const { rolldown } = await import(bundlerOf(root));
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const joined = await rolldown({
    input: Object.fromEntries(
      entriesOf(manifest, root, dist).map((file) => [nameIn(dist, file), file]),
    ),
    external: (/** @type {string} */ id) => !/^[./]/.test(id),
    platform: "node",
    treeshake: false,
    plugins: [{ name: "source-maps", load: withSourceMap }],
  });
  const { output } = await joined.generate({
    dir: dist,
    format: "esm",
    sourcemap: true,
    keepNames: true,
    comments: false,
    entryFileNames: "[name].js",
    chunkFileNames: `${SHARED}/[name].js`,
    codeSplitting: {
      groups: groupsOf(dist, workersOf(manifest, root)),
    },
  });
  await joined.close();
  return output.map((/** @type {import("rolldown").OutputChunk} */ each) => write(dist, each));
}

/**
 * A file for each folder. It takes along what its modules import, so the lower floors take theirs
 * first: who imports `ambit/http` is not to load the downloader with it. What the workers of pools
 * load comes before all: of futures in a file of its own, and from below it in that of core.
 * @param {string} dist @param {string[]} workers what runs in the workers of pools
 */
function groupsOf(dist, workers) {
  const folder = (/** @type {string} */ id) => folderIn(dist, id);
  const inWorkers = new Set(workers.flatMap((worker) => [...loadedBy(worker)]));
  const ofWorkers = (/** @type {string} */ id) => inWorkers.has(id);
  const lower = FLOORS.map((name, floor) => ({
    name: NAMES[name] ?? name,
    test: (/** @type {string} */ id) => folder(id) === name,
    priority: FLOORS.length - floor,
    minShareCount: 2,
  }));
  const priority = FLOORS.length + 1;
  const below = (/** @type {string} */ id) => ofWorkers(id) && folder(id) !== "futures";
  return [
    { name: "core", test: below, priority: priority + 1, minShareCount: 2 },
    { name: "worker", test: ofWorkers, priority, minShareCount: 2 },
    ...lower,
    { name: folder, debugName: "folders", minShareCount: 2 },
  ];
}

/**
 * The files of JavaScript that one loads before it runs, itself among them.
 * @param {string} file @returns {Set<string>}
 */
export function loadedBy(file, loaded = new Set([file])) {
  for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(IMPORTED)) {
    const path = join(dirname(file), specifier);
    if (loaded.has(path)) continue;
    loaded.add(path);
    loadedBy(path, loaded);
  }
  return loaded;
}

/** The bundler of the checkout. @param {string} root */
function bundlerOf(root) {
  return pathToFileURL(createRequire(join(root, "package.json")).resolve("rolldown")).href;
}

/** What package.json names: entries, commands, files for threads. @param {Manifest} manifest @param {string} root @param {string} dist */
function entriesOf(manifest, root, dist) {
  const { bin = {}, exports = {}, imports = {} } = manifest;
  const named = [bin, exports, imports].flatMap((each) => leavesOf(each));
  const files = named.map((file) => resolve(root, file)).filter((file) => file.endsWith(".js"));
  return [...new Set(files)].filter((file) => !relative(dist, file).startsWith(".."));
}

/** @param {Manifest} manifest @param {string} root */
function workersOf({ imports = {} }, root) {
  return leavesOf(WORKERS.map((name) => imports[name] ?? [])).map((file) => resolve(root, file));
}

/** @param {unknown} tree @returns {string[]} */
function leavesOf(tree) {
  if (typeof tree === "string") return [tree];
  return Object.values(/** @type {object} */ (tree)).flatMap(leavesOf);
}

/** @param {string} dist @param {string} file */
function nameIn(dist, file) {
  return relative(dist, file).replace(/\.js$/, "");
}

/** The folder of dist that a module lies in; modules beside it stay with their entry. @param {string} dist @param {string} file */
function folderIn(dist, file) {
  const folder = dirname(relative(dist, file));
  return folder === "." || folder.startsWith("..") ? null : (folder.split(/[\\/]/)[0] ?? null);
}

/** A compiled module with the map that leads to its source. @param {string} file */
function withSourceMap(file) {
  const map = `${file}.map`;
  if (!file.endsWith(".js") || !existsSync(map)) return undefined;
  return { code: readFileSync(file, "utf8"), map: JSON.parse(readFileSync(map, "utf8")) };
}

/** @param {string} dist @param {{ fileName: string } & ({ code: string } | { source: string | Uint8Array })} output */
function write(dist, output) {
  const file = join(dist, output.fileName);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "code" in output ? ascii(output.code) : output.source);
  return file;
}

/** Outside of strings and patterns all of it is ASCII; within, an escape is the same. @param {string} code */
function ascii(code) {
  return code.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
