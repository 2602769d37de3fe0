/**
 * The imports of `src`, read from its text, and the rules of the floors that they must keep.
 *
 * An edge is one import, type-only ones included. The rules are functions over edges, so that the
 * tests can also show them breaches and see that they are found.
 */
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";

/** One import: the file it stands in and what it names, a path below `src` or a bare specifier. */
export interface Edge {
  readonly from: string;
  readonly to: string;
}

/** Lowest floor first. A file imports from its own folder and lower floors, never sideways. */
const FLOORS: readonly (readonly string[])[] = [
  ["core"],
  ["sync", "queues", "flow"],
  ["streams"],
  ["futures", "subprocess", "files", "node", "webSockets"],
  ["http"],
  ["download", "web"],
  // What MySQL and PostgreSQL have in common: pool, transactions, statements.
  ["sql"],
  ["mysql", "postgres", "redis", "distributed"],
  // It subscribes to what all of them tell.
  ["tracing"],
];

/** Side doors: what each may import, besides itself. Nobody imports them. */
const SIDE_DOORS: Readonly<Record<string, readonly string[]>> = {
  // Pairs of streams in memory and the simulated network are transports under the real readers and writers.
  testing: ["core", "streams"],
  inspector: ["core"],
  // A client for the tests of web's applications.
  webTesting: ["core", "http", "web"],
  cli: FLOORS.flat(),
};

/** What may come from outside, apart from `node:*`. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  http: ["tough-cookie", "undici"],
  webSockets: ["ws"],
  redis: ["ioredis"],
  distributed: ["bullmq", "ioredis"],
};

const IMPORT =
  /^(?:import|export)\b(?:[^;"']*?\bfrom)?\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|\brequire\("([^"]+)"/gm;

/** Every TypeScript file below `folder`, with `/` between folders. */
export function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.split(sep).join("/"))
    .filter((file) => file.endsWith(".ts"))
    .sort();
}

/** A file's text without the comments that stand on lines of their own. */
export function codeOf(folder: string, file: string): string {
  const text = readFileSync(join(folder, file), "utf8");
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, "").replace(/^\s*\/\/.*/gm, "");
}

/** The imports of every file below `folder`. */
export function importEdges(folder: string): Edge[] {
  return sourceFiles(folder).flatMap((file) => edgesOf(file, codeOf(folder, file)));
}

/** The imports in one file's code. */
export function edgesOf(file: string, code: string): Edge[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? "";
    return { from: file, to: name.startsWith(".") ? below(dirname(file), name) : name };
  });
}

function below(folder: string, specifier: string): string {
  return normalize(join(folder, specifier)).split(sep).join("/");
}

/** The edges that look up, sideways, at the roof, or at a package that is not theirs to use. */
export function floorBreaches(edges: readonly Edge[]): string[] {
  return edges.filter((edge) => !isAllowed(edge)).map(({ from, to }) => `${from} -> ${to}`);
}

function isAllowed({ from, to }: Edge): boolean {
  const folder = folderOf(from);
  if (to.startsWith("node:")) return true;
  if (!to.endsWith(".ts")) return PACKAGES[folder]?.includes(to) ?? false;
  const target = folderOf(to);
  if (target === "") return false; // the roof
  if (folder === "") return !(target in SIDE_DOORS); // the roof looks down on all floors
  return folder === target || isBelow(target, folder);
}

function isBelow(target: string, folder: string): boolean {
  const mayImport = SIDE_DOORS[folder];
  if (mayImport !== undefined) return mayImport.includes(target);
  const [floor, targetFloor] = [floorOf(folder), floorOf(target)];
  return targetFloor !== -1 && targetFloor < floor;
}

function floorOf(folder: string): number {
  return FLOORS.findIndex((floor) => floor.includes(folder));
}

/** The folder of `src` that a file lies in; the roof lies in none. */
function folderOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "";
}

/** The files whose folder has no place on the floors. */
export function homelessFiles(files: readonly string[]): string[] {
  return files.filter((file) => {
    const folder = folderOf(file);
    return folder === "" ? file !== "index.ts" : floorOf(folder) === -1 && !(folder in SIDE_DOORS);
  });
}

/** Every chain of imports that comes back to where it began. */
export function importCycles(edges: readonly Edge[]): string[] {
  const imports = groupByFile(edges);
  const state = new Map<string, "open" | "done">();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (state.get(file) === "open")
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(" -> "));
    if (state.has(file)) return;
    state.set(file, "open");
    for (const to of imports.get(file) ?? []) visit(to, [...trail, file]);
    state.set(file, "done");
  };
  for (const file of imports.keys()) visit(file, []);
  return cycles;
}

function groupByFile(edges: readonly Edge[]): Map<string, string[]> {
  const imports = new Map<string, string[]>();
  for (const { from, to } of edges) imports.set(from, [...(imports.get(from) ?? []), to]);
  return imports;
}
