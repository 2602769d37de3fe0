// What `import "ambit"` costs: time in a fresh process, size, packages.
//
// The time is what a process with the import has lived when it is done, less that of a process without: the least of
// several, for whatever disturbs makes a start longer, never shorter.
import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** @typedef {import("./compare.mjs").Figure} Figure */

const ENTRY = new URL("../dist/index.js", import.meta.url);
const STARTS = 12;

/** @returns {Promise<Figure[]>} */
export async function measureImport() {
  const { size, packages } = await bundle();
  const what = "import of ambit";
  const against = "";
  return [
    { what, against, unit: "ms", value: importTime(), target: { 26: 10 } },
    {
      what: `${what}, minified, gzipped`,
      against,
      unit: "kB",
      value: size / 1000,
      target: { 20: 20, 26: 20 },
    },
    { what: `${what}: packages`, against, unit: "", value: packages, target: { 20: 0, 26: 0 } },
  ];
}

function importTime() {
  const times = { bare: Infinity, full: Infinity };
  for (let i = 0; i < STARTS; i++) {
    times.bare = Math.min(times.bare, lifeOf(""));
    times.full = Math.min(times.full, lifeOf(`import ${JSON.stringify(ENTRY.href)};`));
  }
  return times.full - times.bare;
}

/** Milliseconds from the start of a process to the end of its program. @param {string} program */
function lifeOf(program) {
  const source = `${program} console.log(performance.now())`;
  const args = ["--input-type=module", "--eval", source];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

async function bundle() {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(ENTRY)],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    packages: "external",
    write: false,
    metafile: true,
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const foreign = imports.filter(({ external, path }) => external && !path.startsWith("node:"));
  const [file] = outputFiles;
  return {
    size: gzipSync(/** @type {Uint8Array} */ (file?.contents)).length,
    packages: new Set(foreign.map(({ path }) => path)).size,
  };
}
