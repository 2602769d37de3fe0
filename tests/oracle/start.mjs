// The oracle's command, once everything is installed. The oracle is TypeScript, which Node 20 cannot
// run: it is compiled here, file by file, into a folder of this run's own.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripTypes } from "../../scripts/stripTypes.mjs";

const root = join(import.meta.dirname, "..", "..");
const generated = join(root, "generated");
mkdirSync(generated, { recursive: true });
const folder = mkdtempSync(join(generated, "oracle-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const part of ["src", "tests/oracle", "scripts"]) {
  await stripTypes(join(root, part), join(folder, part));
}
const { main } = await import(pathToFileURL(join(folder, "tests", "oracle", "main.js")).href);
process.exit(await main(process.argv.slice(2), { root, scratch: join(folder, "kernels") }));
