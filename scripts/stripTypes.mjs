// Compiles TypeScript folders to plain modules, file by file, without checking them: for programs
// that Node 20 could not run otherwise, and for copies of `src` that are changed on the way.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { transformWithOxc } from "vite";

/**
 * Writes `from` (a folder) to `to`, compiled: `.ts` becomes `.js`, also in imports; other files are
 * copied as they are.
 * @param {string} from
 * @param {string} to
 * @param {(file: string, source: string) => string} [change] Gets each file's path in `from`, with
 *   `/` between its parts, and its source; what it returns is compiled.
 */
export async function stripTypes(from, to, change = (_file, source) => source) {
  const jobs = [];
  for (const file of filesUnder(from)) {
    const source = readFileSync(join(from, file), "utf8");
    jobs.push(writeOne(file, source, to, change));
  }
  await Promise.all(jobs);
}

/**
 * @param {string} file
 * @param {string} source
 * @param {string} to
 * @param {(file: string, source: string) => string} change
 */
async function writeOne(file, source, to, change) {
  const target = join(to, file.replace(/\.ts$/, ".js"));
  mkdirSync(dirname(target), { recursive: true });
  if (extname(file) !== ".ts") return writeFileSync(target, source);
  const { code } = await transformWithOxc(change(file, source), file, {
    sourcemap: false,
    typescript: { onlyRemoveTypeImports: true, rewriteImportExtensions: true },
    assumptions: { setPublicClassFields: true },
  });
  writeFileSync(target, code);
}

/**
 * @param {string} folder
 * @param {string} inside
 * @returns {string[]}
 */
function filesUnder(folder, inside = "") {
  return readdirSync(join(folder, inside)).flatMap((name) => {
    const file = inside === "" ? name : `${inside}/${name}`;
    return statSync(join(folder, file)).isDirectory() ? filesUnder(folder, file) : [file];
  });
}
