// `npm run check`: everything that can be said about the project without running it.
//
// Types, lint (with types), format, unused files and exports, and the package as npm would publish
// it. Every check runs, also after one failed; the output of those that fail is shown. A check that
// finds nothing to read would prove nothing, so the types check covers the snippets of the
// documentation, which are written out first.
import { delimiter, join } from "node:path";
import { runCommand } from "./command.mjs";
import { root, setUp, setUpFolder } from "./setup.mjs";
import { writeSnippets } from "./snippets.mjs";

/** @type {readonly [name: string, command: string, ...args: string[]][]} */
const CHECKS = [
  ["types", "tsc", "-p", "tsconfig.json"],
  ["types of bench", "tsc", "-p", "bench"],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["format", "oxfmt", "--check"],
  ["unused", "knip"],
  ["package", "publint", "--strict"],
  ["package types", "attw", "--pack", ".", "--profile", "esm-only"],
];

await setUp();
await setUpFolder("bench"); // its types are read, too
writeSnippets(root);
const env = {
  ...process.env,
  PATH: [join(root, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
};
let failures = 0;
for (const [name, command, ...args] of CHECKS) {
  const { code, output } = await runCommand(command, args, { cwd: root, env });
  console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${command})`);
  if (code === 0) continue;
  failures += 1;
  console.log(output.trimEnd());
}
process.exitCode = failures > 0 ? 1 : 0;
