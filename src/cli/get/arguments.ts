/*
 * From the words of the command line to what `ambit get` is to do. All that can be found wrong
 * without looking at the disk or the network is found here.
 */
import { readOptions } from "../options.ts";
import { UsageError } from "../usageError.ts";
import type { GetOptionName } from "./getOption.ts";
import type { GetOptions } from "./getOptions.ts";
import { GET_OPTIONS } from "./optionTable.ts";
import { expectWorkable, FILE_QUEUE } from "./spread/workable.ts";
import {
  byteSize,
  checksum,
  duration,
  header,
  queueName,
  redisUrl,
  urlOf,
  wholeNumber,
} from "./values.ts";

export type { GetOptions } from "./getOptions.ts";

/**
 * @returns what was asked for, or `"help"`
 * @throws {@link UsageError} when the arguments make no sense
 */
export function readGetArguments(args: readonly string[]): GetOptions | "help" {
  const { options, words } = readOptions(args, GET_OPTIONS);
  const typed = new Typed(options);
  if (typed.has("help")) return "help";
  const inputs = typed.all("input");
  if (words.length === 0 && inputs.length === 0) {
    throw new UsageError("expected URLs, or a list of them with `-i FILE`");
  }
  const result = { urls: words, inputs, ...what(typed), ...where(typed), ...how(typed) };
  expectSense(result);
  expectWorkable(result, typed.has("queue"));
  return result;
}

/** The options that were typed, by name. */
class Typed {
  readonly #options: ReadonlyMap<string, readonly string[]>;

  constructor(options: ReadonlyMap<string, readonly string[]>) {
    this.#options = options;
  }

  has(name: GetOptionName): boolean {
    return this.#options.has(name);
  }

  all(name: GetOptionName): readonly string[] {
    return this.#options.get(name) ?? [];
  }

  text(name: GetOptionName): string | undefined {
    const text = this.#options.get(name)?.[0];
    if (text === "") throw new UsageError(`--${name} must not be empty`);
    return text;
  }

  /** The value that `read` makes of the text, or `otherwise` where the option is not given. */
  value<T>(name: GetOptionName, read: (name: string, text: string) => T, otherwise: T): T {
    const text = this.text(name);
    return text === undefined ? otherwise : read(`--${name}`, text);
  }

  number(name: GetOptionName, least: number, most: number, otherwise: number): number {
    return this.value(name, (option, text) => wholeNumber(option, text, least, most), otherwise);
  }
}

function what(typed: Typed): Pick<GetOptions, "base" | "checksum" | "checksums"> {
  return {
    base: typed.value("base", (name, text) => urlOf(name, text, ["http:", "https:"]), undefined),
    checksum: typed.value("checksum", checksum, undefined),
    checksums: typed.text("checksums"),
  };
}

type Where = "directory" | "output" | "overwrite" | "conditional" | "resume" | "journal";

function where(typed: Typed): Pick<GetOptions, Where> {
  return {
    directory: typed.text("directory") ?? ".",
    output: typed.text("output") ?? "{name}",
    overwrite: typed.has("overwrite"),
    conditional: typed.has("conditional"),
    resume: typed.has("resume"),
    journal: typed.text("journal"),
  };
}

type How = Exclude<keyof GetOptions, "urls" | "inputs" | "base" | "checksum" | "checksums" | Where>;

function how(typed: Typed): Pick<GetOptions, How> {
  const jobs = typed.number("jobs", 1, 1000, 16);
  return {
    jobs,
    perHost: typed.number("per-host", 1, 1000, Math.min(8, jobs)),
    segments: typed.number("segments", 1, 16, 1),
    rate: typed.value("limit-rate", byteSize, Infinity),
    retries: typed.number("retries", 0, 100, 4),
    timeout: {
      total: typed.value("timeout", duration, Infinity),
      connect: typed.value("timeout-connect", duration, 30_000),
      socketRead: typed.value("timeout-read", duration, 60_000),
    },
    failFast: typed.has("fail-fast"),
    workers: typed.value("workers", redisUrl, undefined),
    queue: typed.value("queue", queueName, FILE_QUEUE),
    headers: typed.all("header").map((text) => header("--header", text)),
    user: typed.value("user", userOf, undefined),
    netrc: typed.has("netrc"),
    cookieJar: typed.text("cookie-jar"),
    proxy: typed.value("proxy", proxyOf, "env"),
    http2: typed.has("http2"),
    ca: typed.text("ca"),
    insecure: typed.has("insecure"),
    json: typed.has("json"),
    dryRun: typed.has("dry-run"),
    words: wordsOf(typed),
    progress: !typed.has("no-progress"),
  };
}

function wordsOf(typed: Typed): GetOptions["words"] {
  if (typed.has("quiet") && typed.has("verbose")) {
    throw new UsageError("--quiet and --verbose cannot both be");
  }
  if (typed.has("quiet")) return "quiet";
  return typed.has("verbose") ? "verbose" : "normal";
}

/** The password may have colons in it, the name may not. */
function userOf(option: string, text: string): { name: string; password: string } {
  const at = text.indexOf(":");
  if (at < 1) throw new UsageError(`${option} must be NAME:PASS`);
  return { name: text.slice(0, at), password: text.slice(at + 1) };
}

const PROXIES = ["http:", "https:", "socks5:", "socks5h:"];

function proxyOf(option: string, text: string): string | null {
  if (text === "env") return "env";
  if (text === "none") return null;
  return urlOf(option, text, PROXIES).href;
}

/** What each for itself makes sense, and together does not. */
function expectSense(options: GetOptions): void {
  const { urls, inputs, perHost, jobs } = options;
  if (inputs.filter((input) => input === "-").length > 1) {
    throw new UsageError("standard input can be read once: give one `-i -`");
  }
  if (options.checksum !== undefined && (inputs.length > 0 || urls.length > 1)) {
    throw new UsageError("--checksum is for one URL; --checksums FILE is for many");
  }
  if (perHost > jobs) {
    throw new UsageError(`--per-host ${perHost} is more than --jobs ${jobs} allow in all`);
  }
  if (options.overwrite && options.conditional) {
    throw new UsageError("--overwrite and --conditional cannot both be");
  }
}
