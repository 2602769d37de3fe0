/*
 * `ambit serve`'s arguments: what they mean, and what is said of wrong ones.
 */
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { readServeArguments } from "../../../src/cli/serve/arguments.ts";
import { serveHelp } from "../../../src/cli/serve/help.ts";
import { SERVE_OPTIONS } from "../../../src/cli/serve/optionTable.ts";
import { targetOf } from "../../../src/cli/serve/values.ts";
import { runCommandLine } from "../../../src/cli/commandLine.ts";

function read(...args: readonly string[]): unknown {
  return readServeArguments(args, {});
}

test("a module alone is served by this process, on the loopback address, port 8000", () => {
  expect(read("app.js")).toEqual({
    target: { path: "app.js", exportName: undefined },
    host: "127.0.0.1",
    port: 8000,
    unix: undefined,
    tls: undefined,
    workers: 0,
    maxRequests: Infinity,
    startTimeout: 30_000,
    drainTimeout: 30_000,
    lameDuck: 0,
    reload: false,
    reloadDirs: [],
    debug: false,
    envFiles: [],
    accessLog: "auto",
    json: false,
  });
});

test("$PORT stands in for --port, and not the other way round", () => {
  expect(readServeArguments(["a.js"], { PORT: "81" })).toMatchObject({ port: 81 });
  expect(readServeArguments(["a.js"], { PORT: "" })).toMatchObject({ port: 8000 });
  expect(readServeArguments(["a.js", "-p", "82"], { PORT: "81" })).toMatchObject({ port: 82 });
  expect(() => readServeArguments(["a.js"], { PORT: "http" })).toThrow(
    "$PORT must be a whole number from 0 to 65535, not `http`",
  );
});

test("times are milliseconds, or have a unit", () => {
  const args = ["a.js", "-w", "2", "--drain-timeout", "1500", "--lame-duck", "10s"];
  expect(read(...args, "--start-timeout", "2m")).toMatchObject({
    drainTimeout: 1500,
    lameDuck: 10_000,
    startTimeout: 120_000,
  });
  expect(read("a.js", "--drain-timeout", "0")).toMatchObject({ drainTimeout: 0 });
});

test("--workers takes a number, or max for one a processor", () => {
  expect(read("a.js", "--workers", "3")).toMatchObject({ workers: 3 });
  expect(read("a.js", "-w", "max")).toMatchObject({ workers: availableParallelism() });
});

test("--reload runs the program in one worker, and does not wait long for what it was asked", () => {
  expect(read("a.js", "--reload")).toMatchObject({ workers: 1, drainTimeout: 1000 });
  expect(read("a.js", "--reload", "-w", "2", "--drain-timeout", "5s")).toMatchObject({
    workers: 2,
    drainTimeout: 5000,
  });
});

test.each([
  ["app.js", "app.js", undefined],
  ["src/app.ts:admin", "src/app.ts", "admin"],
  ["C:\\apps\\app.js", "C:\\apps\\app.js", undefined],
  ["./a:b/app.js", "./a:b/app.js", undefined],
  ["app.js:$made_2", "app.js", "$made_2"],
])("`%s` names a module and perhaps an export", (text, path, exportName) => {
  expect(targetOf(text)).toEqual({ path, exportName });
});

test.each([
  [[], "expected a module to serve, such as `app.js`"],
  [["a.js", "b.js"], "one module can be served, and `b.js` is another"],
  [["a.js", "--port", "70000"], "--port must be a whole number from 0 to 65535, not `70000`"],
  [["a.js", "--workers", "0"], "--workers must be a whole number from 1 to 1024, not `0`"],
  [["a.js", "--workers", "many"], "--workers must be a number of processes, or `max`, not `many`"],
  [
    ["a.js", "--lame-duck", "soon"],
    "--lame-duck must be a time such as 500, 500ms, 30s or 2m, not `soon`",
  ],
  [["a.js", "--unix", "/x", "--port", "1"], "--unix and --port cannot both be"],
  [["a.js", "--tls-cert", "x"], "--tls-cert needs --tls-key, too"],
  [["a.js", "--tls-key", "x"], "--tls-key needs --tls-cert, too"],
  [["a.js", "--reload-dir", "x"], "--reload-dir needs --reload"],
  [["a.js", "--max-requests", "9"], "--max-requests is for workers: give --workers, too"],
  [["a.js", "--access-log", "loud"], "--access-log must be auto, json, pretty or off, not `loud`"],
  [["a.js", "--relaod"], "there is no option `--relaod`; did you mean `--reload`?"],
])("%j makes no sense, and says why", (args, message) => {
  expect(() => read(...args)).toThrow(message);
});

test("the help names every option, and fits into 80 columns", () => {
  const help = serveHelp();
  for (const { name } of SERVE_OPTIONS) expect(help).toContain(`--${name}`);
  for (const line of help.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
});

test("`ambit serve` with a mistake answers in one line, with code 2", async () => {
  let text = "";
  const output = { write: (piece: string) => (text += piece) };
  const streams = { in: () => process.stdin, out: output, err: output, env: {} };
  expect(await runCommandLine(["serve", "nowhere.js"], streams)).toBe(2);
  expect(text).toBe("ambit serve: there is no module nowhere.js; see `ambit serve --help`\n");
});
