/** `ambit`: what it prints and how it ends, in this process and as the installed command. */
import { spawnSync } from "node:child_process";
import { cpus, release } from "node:os";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { runCommandLine } from "../../src/cli/commandLine.ts";
import { FakePipe } from "./screen.ts";

async function ambit(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new FakePipe(), new FakePipe()];
  const code = await runCommandLine(args, { in: () => Readable.from([]), out, err, env: {} });
  return { code, out: out.text, err: err.text };
}

test("info names the versions, the kernel and how the ambient scope is kept", async () => {
  const { code, out, err } = await ambit("info");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(new RegExp(`^Ambit +${manifest.version.replaceAll(".", "\\.")}$`, "m"));
  expect(out).toMatch(new RegExp(`^Runtime +Node\\.js ${process.versions.node}$`, "m"));
  expect(out).toContain(`v8 ${process.versions.v8}`);
  expect(out).toContain(release());
  expect(out).toMatch(/^Ambient scope +AsyncLocalStorage on (async_hooks|AsyncContextFrame)$/m);
});

test("info --json prints the same facts as one JSON object", async () => {
  const { code, out } = await ambit("info", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    ambit: manifest.version,
    runtime: `Node.js ${process.versions.node}`,
    architecture: process.arch,
    cpuModel: cpus()[0]?.model.trim(),
  });
});

/**
 * The flags of Node that change how AsyncLocalStorage works, on the lines that have them; none is
 * every line's default.
 */
const KEEPERS: readonly (readonly [major: number, flag: string, keeper: string])[] = [
  [20, "--no-warnings", "async_hooks"],
  [22, "--no-warnings", "async_hooks"],
  [22, "--experimental-async-context-frame", "AsyncContextFrame"],
  [24, "--no-warnings", "AsyncContextFrame"],
  [24, "--no-async-context-frame", "async_hooks"],
  [26, "--no-warnings", "AsyncContextFrame"],
  [26, "--no-async-context-frame", "async_hooks"],
];
const here = KEEPERS.filter(([major]) => process.versions.node.startsWith(`${major}.`));

test.each(here)("the ambient scope on Node.js %i with %s is kept by %s", (_, flag, expected) => {
  const args = [flag, "dist/cli/main.js", "info", "--json"];
  const { stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const { ambientScope } = JSON.parse(stdout) as { ambientScope: string };
  expect(ambientScope).toBe(`AsyncLocalStorage on ${expected}`);
});

test("the installed command prints the same and ends with the same code", async () => {
  const good = spawnSync(process.execPath, ["dist/cli/main.js", "info"], { encoding: "utf8" });
  expect(good).toMatchObject({ status: 0, stdout: (await ambit("info")).out, stderr: "" });
  const bad = spawnSync(process.execPath, ["dist/cli/main.js", "inof"], { encoding: "utf8" });
  expect(bad).toMatchObject({ status: 2, stdout: "", stderr: (await ambit("inof")).err });
});

test("--help prints the commands, or one command's own help, and --version the version", async () => {
  expect(await ambit("--help")).toMatchObject({ code: 0, err: "" });
  expect((await ambit("--help")).out).toMatch(/^ {2}get +download many files at once$/m);
  expect((await ambit("info", "-h")).out).toContain("Usage: ambit info [--json]\n");
  expect((await ambit("get", "--help")).out).toContain("Usage: ambit get [options] URL...\n");
  expect(await ambit("--version")).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" });
});

test.each([
  [[], "ambit: expected a command, such as `ambit info`; see `ambit --help`\n"],
  [
    ["inof"],
    "ambit: there is no command or option `inof`; did you mean `info`?; see `ambit --help`\n",
  ],
  [["fetch"], "ambit: there is no command or option `fetch`; see `ambit --help`\n"],
  [["--jsno"], "ambit: there is no command or option `--jsno`; see `ambit --help`\n"],
  [["toString"], "ambit: there is no command or option `toString`; see `ambit --help`\n"],
  [
    ["info", "--jsno"],
    "ambit info: there is no option `--jsno`; did you mean `--json`?; see `ambit info --help`\n",
  ],
  [["info", "now"], "ambit info: it takes no `now`; see `ambit info --help`\n"],
])("a bad command line %j is answered with one line and code 2", async (args, err) => {
  expect(await ambit(...args)).toEqual({ code: 2, out: "", err });
});
