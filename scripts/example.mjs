// `npm run example NAME [NUMBER or PATH…]`: sets up, compiles examples/ (Node 20 cannot run TypeScript) and
// runs one of them here. What follows is what its `main` takes: milliseconds, a port, a folder.
import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runCommand, say } from "./command.mjs";
import { root, setUp } from "./setup.mjs";

await setUp();
const name = process.argv[2]?.replace(/^examples\/|\.ts$/g, "") ?? "";
if (!existsSync(join(root, "examples", `${name}.ts`))) {
  const names = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".ts"));
  say(`expected the name of an example: ${names.map((file) => file.slice(0, -3)).join(", ")}`);
  process.exit(2);
}
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const compiled = await runCommand(process.execPath, [tsc, "-p", "tsconfig.examples.json"], {
  cwd: root,
});
if (compiled.code !== 0) {
  process.stderr.write(compiled.output);
  process.exit(1);
}
// Workers of examples take what is built from `../dist`, as they do where they are written.
const link = join(root, "generated", "dist");
if (!existsSync(link)) symlinkSync(join(root, "dist"), link, "junction");
const file = join(root, "generated", "examples", `${name}.js`);
process.argv = [process.execPath, file, ...process.argv.slice(3)];
const { main } = await import(pathToFileURL(file).href);
// A number is milliseconds or a port; anything else, a folder.
const given = process.argv.slice(2).map((each) => (/^\d+$/.test(each) ? Number(each) : each));
await main(process.stdout, ...given);
