/**
 * Files that nobody closed: in a process of its own, where the collector can be called.
 */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { folders } from "./folder.ts";

const fresh = folders();
const built = (name: string): string =>
  pathToFileURL(join(fileURLToPath(new URL("../..", import.meta.url)), "dist", name)).href;

const PROLOGUE = `
import { readdirSync, readlinkSync } from "node:fs";
import { run } from "${built("index.js")}";
import { open } from "${built("files/index.js")}";
const path = process.argv[2];
const warnings = [];
process.on("warning", ({ name, code, message, detail }) => void warnings.push({ name, code, message, detail }));
const isOpen = () => readdirSync("/proc/self/fd").some((fd) => {
  try { return readlinkSync("/proc/self/fd/" + fd) === path; } catch { return false; }
});
const turn = () => new Promise((resolve) => setImmediate(resolve));
// Until it is closed, or has obviously been kept: the collector owes nobody a time.
const collect = async (enough) => {
  for (let i = 0; i < enough && warnings.length === 0; i++) { globalThis.gc(); await turn(); }
};
const tell = (more) => console.log(JSON.stringify({ warnings, isOpen: isOpen(), ...more }));
`;

interface Told {
  readonly warnings: readonly Record<"name" | "code" | "message" | "detail", string>[];
  readonly isOpen: boolean;
  readonly lines?: number;
}

async function inProcess(program: string, path: string, debug = false): Promise<Told> {
  const script = fresh("program.mjs");
  writeFileSync(script, PROLOGUE + program);
  const { AMBIT_DEBUG: _, ...env } = process.env;
  const how = { env: debug ? { ...env, AMBIT_DEBUG: "1" } : env };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", script, path],
    how,
  );
  return JSON.parse(stdout) as Told;
}

const FORGET = `
async function forget() {
  const file = await open(path, "w");
  await file.write("gathered");
}
await run(forget);
await collect(1000);
tell();`;

test.skipIf(process.platform !== "linux")(
  "a file that nobody closed is written, closed, and warned of by its path",
  async () => {
    const path = fresh();
    const { warnings, isOpen } = await inProcess(FORGET, path);
    expect(warnings).toEqual([
      {
        name: "ResourceWarning",
        code: "AMBIT_UNCLOSED_FILE",
        message: `nobody has closed '${path}' (mode "w"), and nobody has it any more; it is closed now`,
        detail: "AMBIT_DEBUG=1 tells where it was opened",
      },
    ]);
    expect(isOpen).toBe(false);
    expect(readFileSync(path, "utf8")).toBe("gathered");
  },
);

test.skipIf(process.platform !== "linux")(
  "in debug mode the warning tells where it was opened",
  async () => {
    const { warnings } = await inProcess(FORGET, fresh(), true);
    expect(warnings.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^it was opened:\n {4}at .*program\.mjs:\d+ in (async )?forget/),
    ]);
  },
);

test.skipIf(process.platform !== "linux")(
  "what works on a file keeps it: an iterator of lines, its bytes",
  async () => {
    const path = fresh();
    writeFileSync(path, "line\n".repeat(100_000));
    const told = await inProcess(
      `
const lines = await run(async () => {
  const iterator = (await open(path))[Symbol.asyncIterator]();
  await iterator.next();
  const bytes = (await open(path)).buffer;
  await collect(20);
  let count = 1 + (await bytes.readlines()).length;
  while (!(await iterator.next()).done) count++;
  await bytes.close();
  await iterator.file.close();
  return count;
});
await collect(20);
tell({ lines });`,
      path,
    );
    expect(told).toEqual({ warnings: [], isOpen: false, lines: 200_000 });
  },
);

test.skipIf(process.platform !== "linux")(
  "one that cannot be written any more is closed, and the warning says what was lost",
  async () => {
    const { warnings, isOpen } = await inProcess(FORGET, "/dev/full");
    expect(warnings.map(({ message }) => message)).toEqual([
      "nobody has closed '/dev/full' (mode \"w\"), and nobody has it any more; closing it now has failed: " +
        "FileError: write '/dev/full': no space left on device (ENOSPC)",
    ]);
    expect(isOpen).toBe(false);
  },
);
