import { describe, expect, test } from "vitest";

import { readArguments } from "../../src/args/arguments.ts";
import type { CompareOptions, DownloadOptions } from "../../src/args/command.ts";
import { UsageError } from "../../src/args/usageError.ts";

function download(...args: string[]): DownloadOptions {
  const command = readArguments(args);
  if (command.kind !== "download") throw new Error(`a download was expected, not ${command.kind}`);
  return command.options;
}

function compare(...args: string[]): CompareOptions {
  const command = readArguments(["compare", ...args]);
  if (command.kind !== "compare") throw new Error(`a comparison was expected, not ${command.kind}`);
  return command.options;
}

describe("without arguments", () => {
  test("the 20 most populous countries are fetched from LOCAL into downloads", () => {
    expect(download()).toEqual({
      selection: "populous",
      server: "LOCAL",
      maxRequests: 30,
      meta: false,
      size: 250,
      seed: 1,
      json: false,
      engine: "async",
      output: "downloads",
      verbose: false,
    });
  });
});

describe("options", () => {
  test("short forms are those of the Python original", () => {
    expect(download("-a", "-l", "9", "-m", "7", "-s", "DELAY", "-v", "-o", "here")).toMatchObject({
      selection: "all",
      limit: 9,
      maxRequests: 7,
      server: "DELAY",
      verbose: true,
      output: "here",
    });
    expect(download("-e").selection).toBe("every");
  });

  test("codes, a first letter and a part of GB name flags, in any case", () => {
    expect(download("br", "GB-sct").selection).toEqual(["BR", "GB-SCT"]);
    expect(download("b").selection).toHaveLength(26);
  });

  test("names of servers and engines are taken in any case", () => {
    expect(download("-s", "delay", "--engine", "Async-Executor")).toMatchObject({
      server: "DELAY",
      engine: "async-executor",
    });
  });

  test("the engine distributed is told where Redis is", () => {
    const redis = "rediss://user:secret@redis.example:6380/1";
    const options = download("--engine", "Distributed", "--redis", redis);
    expect(options).toMatchObject({ engine: "distributed", redis });
  });

  test("a remote server gets few requests at a time unless told otherwise", () => {
    const remote = ["-s", "REMOTE", "--base-url", "http://flags.example"];
    expect(download(...remote)).toMatchObject({ maxRequests: 5, baseUrl: "http://flags.example" });
    expect(download(...remote, "-m", "80").maxRequests).toBe(80);
  });

  test("help and version win over everything but a mistake", () => {
    expect(readArguments(["-a", "--help"])).toEqual({ kind: "help" });
    expect(readArguments(["compare", "--version"])).toEqual({ kind: "version" });
  });

  test("the comparison takes what says which flags and how many at a time", () => {
    expect(compare("BR", "-m", "4", "--meta", "--json")).toMatchObject({
      selection: ["BR"],
      server: "DELAY",
      maxRequests: 4,
      meta: true,
      json: true,
    });
  });
});

describe("mistakes are told in one line that names the value", () => {
  test.each([
    [["Q9"], "`Q9` is no country code"],
    [["BRA"], "`BRA` is no country code"],
    [["--max-req", "0"], "--max-req must be a whole number from 1 to 1000, not `0`"],
    [["-m", "1001"], "--max-req must be a whole number from 1 to 1000, not `1001`"],
    [["-m", "ten"], "not `ten`"],
    [["--max-req=-5"], "not `-5`"],
    [["-m", "-5"], "Option `-m` argument is ambiguous"],
    [["-m"], "Option `-m, --max-req <value>` argument missing"],
    [["--limit", "0"], "--limit must be a whole number of at least 1, not `0`"],
    [["--seed", "1.5"], "--seed must be a whole number of at least 0, not `1.5`"],
    [["--server", "NOWHERE"], "one of LOCAL, DELAY, ERROR, REMOTE, not `NOWHERE`"],
    [["--engine", "steam"], "async, async-executor, distributed, not `steam`"],
    [["--size", "64"], "--size must be one of 100, 250, 1000, not `64`"],
    [["--frob"], "Unknown option `--frob`"],
    [["--all=yes"], "does not take an argument"],
    [["--all", "BR"], "give country codes, --all or --every, only one of them"],
    [["--all", "--every"], "only one of them"],
    [["-s", "REMOTE"], "--server REMOTE and --base-url URL go together"],
    [["--base-url", "http://flags.example"], "--server REMOTE and --base-url URL go together"],
    [["-s", "REMOTE", "--base-url", "flags.example"], "an http or https URL, not `flags.example`"],
    [["-s", "REMOTE", "--base-url", "ftp://a.example"], "an http or https URL"],
    [["-s", "REMOTE", "--base-url", "http://a.example/{cc}.png", "--meta"], "without {cc}"],
    [["--output", ""], "--output must be the path of a folder"],
    [["--redis", "redis://a.example"], "--redis goes with --engine distributed"],
    [["--engine", "distributed", "--redis", "a.example"], "a URL such as redis://localhost:6379"],
    [["compare", "--redis", "redis://a.example"], "--redis has no place in `flags compare`"],
    [["compare", "--server", "LOCAL"], "--server has no place in `flags compare`"],
    [["compare", "--engine", "async"], "--engine has no place in `flags compare`"],
  ])("%j", (args, message) => {
    const failing = () => readArguments(args);
    expect(failing).toThrow(UsageError);
    expect(failing).toThrow(message);
    expect(failing).not.toThrow("\n");
  });
});
