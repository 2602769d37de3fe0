/*
 * From the words of the command line to a {@link Command}. Everything that can be found wrong without looking anything
 * up is found here, before anything is loaded or started.
 */
import { parseArgs, type ParseArgsConfig } from "node:util";

import type { Command, QueryCommand, ServeCommand } from "./command.ts";
import { UsageError } from "./usageError.ts";

const options = {
  limit: { type: "string", short: "l" },
  json: { type: "boolean", short: "j" },
  count: { type: "boolean", short: "c" },
  time: { type: "boolean" },
  host: { type: "string", short: "H" },
  port: { type: "string", short: "p" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

type Given = ReturnType<typeof parse>["values"];
type Option = keyof typeof options;

const OF_QUERY: readonly Option[] = ["limit", "json", "count", "time"];
const OF_SERVERS: readonly Option[] = ["host", "port"];
const DEFAULT_PORTS = { tcp: 2323, http: 8000 };

/** @throws {@link UsageError} when the arguments make no sense */
export function readArguments(args: readonly string[]): Command {
  const { values: given, positionals } = parse(args);
  if (given.help) return { kind: "help" };
  if (given.version) return { kind: "version" };
  const [kind, ...words] = positionals;
  switch (kind) {
    case "query":
      refuse(given, OF_SERVERS, "query");
      return queryCommand(given, words);
    case "tcp":
    case "http":
      refuse(given, OF_QUERY, kind);
      if (words.length > 0) throw new UsageError(`${kind} takes no words, not \`${words[0]}\``);
      return serveCommand(given, kind);
    case undefined:
      throw new UsageError("say what to do: query, tcp or http");
    default:
      throw new UsageError(`\`${kind}\` is none of query, tcp and http`);
  }
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

function refuse(given: Given, names: readonly Option[], command: string): void {
  const found = names.find((name) => given[name] !== undefined);
  if (found !== undefined) throw new UsageError(`--${found} has no place in \`${command}\``);
}

function queryCommand(given: Given, words: readonly string[]): QueryCommand {
  const query = words.join(" ");
  if (query.trim() === "") throw new UsageError("query needs words to look for");
  if (given.json && given.count) throw new UsageError("give --json or --count, only one of them");
  return {
    kind: "query",
    query,
    limit: given.limit === undefined ? Infinity : wholeNumber("--limit", given.limit, 1, Infinity),
    form: given.json ? "json" : given.count ? "count" : "table",
    time: given.time ?? false,
  };
}

function serveCommand(given: Given, kind: "tcp" | "http"): ServeCommand {
  const { host = "127.0.0.1", port } = given;
  if (host.trim() === "") throw new UsageError("--host must be a name or an address, not empty");
  return {
    kind,
    host,
    port: port === undefined ? DEFAULT_PORTS[kind] : wholeNumber("--port", port, 0, 65_535),
  };
}

/** Names the option and the offending value, and says what would do. */
function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  const range = most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new UsageError(`${option} must be a whole number ${range}, not \`${text}\``);
}
