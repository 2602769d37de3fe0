import { expect, test } from "vitest";

import { readArguments } from "../../src/args/arguments.ts";
import { help } from "../../src/args/help.ts";
import { UsageError } from "../../src/args/usageError.ts";

test("a query is its words, with all defaults filled in", () => {
  expect(readArguments(["query", "cat", "face"])).toEqual({
    kind: "query",
    query: "cat face",
    limit: Infinity,
    form: "table",
    time: false,
  });
  expect(readArguments(["query", "-l", "3", "--json", "--time", "cat"])).toMatchObject({
    limit: 3,
    form: "json",
    time: true,
  });
  expect(readArguments(["query", "cat", "-c"])).toMatchObject({ form: "count" });
});

test("servers have ports of their own", () => {
  expect(readArguments(["tcp"])).toEqual({ kind: "tcp", host: "127.0.0.1", port: 2323 });
  expect(readArguments(["http"])).toEqual({ kind: "http", host: "127.0.0.1", port: 8000 });
  expect(readArguments(["http", "-H", "::1", "-p", "0"])).toMatchObject({ host: "::1", port: 0 });
});

test("help and version go before everything else", () => {
  expect(readArguments(["--help"])).toEqual({ kind: "help" });
  expect(readArguments(["http", "-h"])).toEqual({ kind: "help" });
  expect(readArguments(["--version"])).toEqual({ kind: "version" });
});

test.each([
  [[], "say what to do: query, tcp or http"],
  [["find", "cat"], "`find` is none of query, tcp and http"],
  [["query"], "query needs words to look for"],
  [["query", " "], "query needs words to look for"],
  [["query", "cat", "--limit", "0"], "--limit must be a whole number of at least 1, not `0`"],
  [["query", "cat", "--port", "1"], "--port has no place in `query`"],
  [["query", "cat", "-jc"], "give --json or --count, only one of them"],
  [["tcp", "cat"], "tcp takes no words, not `cat`"],
  [["tcp", "--json"], "--json has no place in `tcp`"],
  [["http", "--port", "65536"], "--port must be a whole number from 0 to 65535, not `65536`"],
  [["http", "--host", " "], "--host must be a name or an address, not empty"],
  [["http", "--colour"], "Unknown option `--colour`"],
])("%j is a mistake: %s", (args, message) => {
  expect(() => readArguments(args)).toThrow(new UsageError(message));
});

test("the help fits into 80 columns and names every option", () => {
  const lines = help.split("\n");
  expect(lines.filter((line) => [...line].length > 80)).toEqual([]);
  for (const each of ["limit", "json", "count", "time", "host", "port", "help", "version"])
    expect(help).toContain(`--${each}`);
});
