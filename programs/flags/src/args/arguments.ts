/*
 * From the words of the command line to a {@link Command}. Everything that can be found wrong
 * without looking at the disk or the network is found here, before anything is loaded or started:
 * nothing else in the program throws a UsageError.
 */
import { parseArgs, type ParseArgsConfig } from "node:util";

import { flagSizes } from "../catalogue/flagSize.ts";
import { allEngineNames } from "../engines/engine.ts";
import { expandCodes, type Selection } from "../selection.ts";
import { defaultMaxRequests, mostMaxRequests, serverNames } from "../server/serverName.ts";
import { isTemplate } from "../site.ts";
import type { Command, DownloadOptions, JobOptions } from "./command.ts";
import { UsageError } from "./usageError.ts";
import { oneOf, redisUrl, webUrl, wholeNumber } from "./values.ts";

const options = {
  all: { type: "boolean", short: "a" },
  every: { type: "boolean", short: "e" },
  limit: { type: "string", short: "l" },
  "max-req": { type: "string", short: "m" },
  server: { type: "string", short: "s" },
  "base-url": { type: "string" },
  verbose: { type: "boolean", short: "v" },
  meta: { type: "boolean" },
  engine: { type: "string" },
  redis: { type: "string" },
  output: { type: "string", short: "o" },
  json: { type: "boolean" },
  size: { type: "string" },
  seed: { type: "string" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

type Given = ReturnType<typeof parse>["values"];

/** @throws {@link UsageError} when the arguments make no sense */
export function readArguments(args: readonly string[]): Command {
  const { values: given, positionals } = parse(args);
  if (given.help) return { kind: "help" };
  if (given.version) return { kind: "version" };
  if (positionals[0] === "compare") return compareCommand(given, positionals.slice(1));
  return { kind: "download", options: downloadOptions(given, positionals) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(inOneLine(error as Error));
  }
}

/** Node explains at length, over several lines; what is wrong is in the first sentence. */
function inOneLine({ message }: Error): string {
  const [sentence = message] = message.split(/\. |\n/);
  return sentence.replace(/\.$/, "").replaceAll("'", "`");
}

function downloadOptions(given: Given, codes: readonly string[]): DownloadOptions {
  const engine = oneOf("--engine", given.engine ?? "async", allEngineNames);
  if (given.redis !== undefined && engine !== "distributed") {
    throw new UsageError("--redis goes with --engine distributed, no other engine needs it");
  }
  return {
    ...jobOptions(given, codes),
    engine,
    ...(given.redis === undefined ? {} : { redis: redisUrl("--redis", given.redis) }),
    output: outputPath(given.output ?? "downloads"),
    verbose: given.verbose ?? false,
  };
}

/** The comparison has its own server, engines and folder; to say otherwise is a mistake. */
function compareCommand(given: Given, codes: readonly string[]): Command {
  for (const option of [
    "server",
    "base-url",
    "engine",
    "redis",
    "output",
    "verbose",
    "seed",
  ] as const) {
    if (given[option] === undefined) continue;
    throw new UsageError(`--${option} has no place in \`flags compare\``);
  }
  return { kind: "compare", options: jobOptions({ ...given, server: "DELAY" }, codes) };
}

function jobOptions(given: Given, codes: readonly string[]): JobOptions {
  const server = oneOf("--server", given.server ?? "LOCAL", serverNames);
  const baseUrl = baseUrlFor(server, given);
  const maxRequests =
    given["max-req"] === undefined
      ? defaultMaxRequests[server]
      : wholeNumber("--max-req", given["max-req"], 1, mostMaxRequests);
  return {
    selection: selectionOf(given, codes),
    ...(given.limit === undefined ? {} : { limit: atLeast("--limit", given.limit, 1) }),
    server,
    ...(baseUrl === undefined ? {} : { baseUrl }),
    maxRequests,
    meta: given.meta ?? false,
    size: oneOf("--size", given.size ?? "250", flagSizes),
    seed: given.seed === undefined ? 1 : atLeast("--seed", given.seed, 0),
    json: given.json ?? false,
  };
}

function selectionOf(given: Given, codes: readonly string[]): Selection {
  const listed = expandCodes(codes);
  if (Number(given.all ?? 0) + Number(given.every ?? 0) + Number(codes.length > 0) > 1) {
    throw new UsageError("give country codes, --all or --every, only one of them");
  }
  if (given.all) return "all";
  if (given.every) return "every";
  return codes.length > 0 ? listed : "populous";
}

function baseUrlFor(server: string, given: Given): string | undefined {
  const text = given["base-url"];
  if ((server === "REMOTE") !== (text !== undefined)) {
    throw new UsageError("--server REMOTE and --base-url URL go together, give both or none");
  }
  if (text === undefined) return undefined;
  if (given.meta && isTemplate(text)) {
    throw new UsageError("--meta needs a --base-url without {cc}, to look for metadata under it");
  }
  return webUrl("--base-url", text);
}

function outputPath(text: string): string {
  if (text !== "" && !text.includes("\0")) return text;
  throw new UsageError("--output must be the path of a folder, not empty");
}

function atLeast(option: string, text: string, least: number): number {
  return wholeNumber(option, text, least, Number.MAX_SAFE_INTEGER);
}
