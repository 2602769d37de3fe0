// Joins the compiled modules of the package into a few files, one for each entry and one for each
// folder of src that several of them share.
//
// Why: Node.js spends half a millisecond and more on each module that it loads, whatever is in it;
// `import "ambit"` would take twice as long as it has to. Only comments are dropped, for they have to
// be read, too; the source maps lead to src, and the declarations stay as the compiler wrote them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Where the shared files go; one level below dist, as deep as what they were made of. */
const SHARED = "chunks";

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
  const joined = await rolldown({
    input: Object.fromEntries(entriesOf(root, dist).map((file) => [nameIn(dist, file), file])),
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
      groups: groupsOf(dist),
    },
  });
  await joined.close();
  return output.map((/** @type {import("rolldown").OutputChunk} */ each) => write(dist, each));
}

/**
 * A file for each folder. It takes along what its modules import, so the lower floors take theirs
 * first: who imports `ambit/http` is not to load the downloader with it.
 * @param {string} dist
 */
function groupsOf(dist) {
  const folder = (/** @type {string} */ id) => folderIn(dist, id);
  const lower = FLOORS.map((name, floor) => ({
    name,
    test: (/** @type {string} */ id) => folder(id) === name,
    priority: FLOORS.length - floor,
    minShareCount: 2,
  }));
  return [...lower, { name: folder, debugName: "folders", minShareCount: 2 }];
}

/** The bundler of the checkout. @param {string} root */
function bundlerOf(root) {
  return pathToFileURL(createRequire(join(root, "package.json")).resolve("rolldown")).href;
}

/** What package.json names: entries, commands, files for threads. @param {string} root @param {string} dist */
function entriesOf(root, dist) {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { bin = {}, exports = {}, imports = {} } = manifest;
  const named = [bin, exports, imports].flatMap((each) => leavesOf(each));
  const files = named.map((file) => resolve(root, file)).filter((file) => file.endsWith(".js"));
  return [...new Set(files)].filter((file) => !relative(dist, file).startsWith(".."));
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
  writeFileSync(file, "code" in output ? output.code : output.source);
  return file;
}
