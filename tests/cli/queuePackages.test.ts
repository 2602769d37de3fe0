/*
 * Commands that stand on packages which were not installed: a copy of what was built, beside all packages but those.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const LACKING = ["bullmq", "ioredis", "ambit"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ambit-packages-"));
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  mkdirSync(join(folder, "node_modules"));
  for (const name of readdirSync(join(ROOT, "node_modules")))
    if (!LACKING.includes(name))
      symlinkSync(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  writeFileSync(join(folder, "tasks.js"), `import "bullmq";`);
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["worker", ["worker", "tasks.js"], "ambit worker: this command needs two packages"],
  ["worker --get", ["worker", "--get", "."], "ambit worker: this command needs two packages"],
  [
    "get --workers",
    ["get", "--workers", "redis://127.0.0.1:1", "http://127.0.0.1:1/a"],
    "ambit get: --workers needs two packages",
  ],
])("ambit %s says in one line which packages to install", (_, args, words) => {
  const ended = spawnSync(process.execPath, [join(folder, "dist/cli/main.js"), ...args], {
    cwd: folder,
    encoding: "utf8",
  });
  const hint = `see \`ambit ${args[0]} --help\``;
  expect(ended.stderr).toBe(`${words}: \`npm install bullmq ioredis\`; ${hint}\n`);
  expect(ended.status).toBe(2);
});
