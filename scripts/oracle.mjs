// `npm run oracle`: random programs on CPython 3.14 and on Ambit; see docs/oracle.md.
//
// The oracle is TypeScript, which Node 20 cannot run: it is compiled here, file by file. Several may
// run at once, so each has a folder of its own.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, setUp } from "./setup.mjs";

await setUp();
// Only now: what set-up installs.
const { stripTypes } = await import("./stripTypes.mjs");

const generated = join(root, "generated");
mkdirSync(generated, { recursive: true });
const folder = mkdtempSync(join(generated, "oracle-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const part of ["src", "tests/oracle", "scripts"])
  await stripTypes(join(root, part), join(folder, part));
const { main } = await import(pathToFileURL(join(folder, "tests", "oracle", "main.js")).href);
process.exit(await main(process.argv.slice(2), { root, scratch: join(folder, "kernels") }));
