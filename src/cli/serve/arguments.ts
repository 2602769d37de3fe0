/*
 * From the words of the command line to how a program is served. All that can be found wrong without looking at the disk
 * is found here. A worker is started with the same words as its supervisor, and reads them by the same function.
 */
import type { Streams } from "../streams.ts";
import { wholeNumber } from "../get/values.ts";
import { type Given, readOptions } from "../options.ts";
import { UsageError } from "../usageError.ts";
import { SERVE_OPTIONS, type ServeOptionName } from "./optionTable.ts";
import { milliseconds, oneOf, type Target, targetOf, workerCount } from "./values.ts";

/** How the requests are logged. */
export type AccessLogMode = "auto" | "json" | "pretty" | "off";

/** How a program is served; every value is checked. Times are milliseconds. */
export interface ServeOptions {
  readonly target: Target;
  readonly host: string;
  readonly port: number;
  /** A Unix socket, in place of host and port. */
  readonly unix: string | undefined;
  /** Files in PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** 0: this process serves by itself. */
  readonly workers: number;
  /** Infinity: no worker is replaced for what it has served. */
  readonly maxRequests: number;
  readonly startTimeout: number;
  readonly drainTimeout: number;
  readonly lameDuck: number;
  readonly reload: boolean;
  /** Empty: the program's own folder. */
  readonly reloadDirs: readonly string[];
  readonly debug: boolean;
  readonly envFiles: readonly string[];
  readonly accessLog: AccessLogMode;
  readonly json: boolean;
}

/**
 * @returns how the program is served, or `"help"`
 * @throws {@link UsageError} when the arguments make no sense
 */
export function readServeArguments(
  args: readonly string[],
  env: Streams["env"],
): ServeOptions | "help" {
  const given = readOptions(args, SERVE_OPTIONS);
  if (given.options.has("help")) return "help";
  const [target, ...more] = given.words;
  if (target === undefined) throw new UsageError("expected a module to serve, such as `app.js`");
  if (more.length > 0) {
    throw new UsageError(`one module can be served, and \`${more[0]}\` is another`);
  }
  expectSense(given);
  const typed = new Typed(given);
  return { target: targetOf(target), ...where(typed, env), ...processes(typed), ...words(typed) };
}

/** The options that were typed, by name. */
class Typed {
  readonly #options: Given["options"];

  constructor(given: Given) {
    this.#options = given.options;
  }

  has(name: ServeOptionName): boolean {
    return this.#options.has(name);
  }

  all(name: ServeOptionName): readonly string[] {
    return this.#options.get(name) ?? [];
  }

  /** The value that `read` makes of the text, or `otherwise` where the option is not given. */
  value<T, U = T>(
    name: ServeOptionName,
    read: (name: string, text: string) => T,
    otherwise: U,
  ): T | U {
    const text = this.all(name)[0];
    return text === undefined ? otherwise : read(`--${name}`, text);
  }
}

type Where = Pick<ServeOptions, "host" | "port" | "unix" | "tls">;

function where(typed: Typed, env: Streams["env"]): Where {
  const cert = typed.value("tls-cert", notEmpty, undefined);
  const key = typed.value("tls-key", notEmpty, undefined);
  const common = env["PORT"];
  const usual = common === undefined || common === "" ? 8000 : portOf("$PORT", common);
  return {
    host: typed.value("host", notEmpty, "127.0.0.1"),
    port: typed.value("port", portOf, usual),
    unix: typed.value("unix", notEmpty, undefined),
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
  };
}

type Processes = Pick<
  ServeOptions,
  "workers" | "maxRequests" | "startTimeout" | "drainTimeout" | "lameDuck" | "reload"
>;

function processes(typed: Typed): Processes {
  const reload = typed.has("reload");
  const most = 1_000_000_000 - 1;
  return {
    workers: typed.value("workers", workerCount, reload ? 1 : 0),
    maxRequests: typed.value(
      "max-requests",
      (name, text) => wholeNumber(name, text, 1, most),
      Infinity,
    ),
    startTimeout: typed.value("start-timeout", milliseconds, 30_000),
    // Who develops has a page open that streams for ever, and wants to see the change at once.
    drainTimeout: typed.value("drain-timeout", milliseconds, reload ? 1000 : 30_000),
    lameDuck: typed.value("lame-duck", milliseconds, 0),
    reload,
  };
}

type Words = Omit<ServeOptions, "target" | keyof Where | keyof Processes>;

function words(typed: Typed): Words {
  return {
    reloadDirs: typed.all("reload-dir"),
    debug: typed.has("debug"),
    envFiles: typed.all("env"),
    accessLog: typed.value("access-log", oneOf(["auto", "json", "pretty", "off"]), "auto"),
    json: typed.has("json"),
  };
}

function notEmpty(name: string, text: string): string {
  if (text !== "") return text;
  throw new UsageError(`${name} must not be empty`);
}

function portOf(name: string, text: string): number {
  return wholeNumber(name, text, 0, 65_535);
}

/** What each for itself makes sense, and together does not. */
function expectSense({ options }: Given): void {
  const both = (one: ServeOptionName, other: ServeOptionName): boolean =>
    options.has(one) && options.has(other);
  const needs = (one: ServeOptionName, other: ServeOptionName): boolean =>
    options.has(one) && !options.has(other);
  for (const name of ["host", "port"] as const) {
    if (both("unix", name)) throw new UsageError(`--unix and --${name} cannot both be`);
  }
  if (needs("tls-cert", "tls-key")) throw new UsageError("--tls-cert needs --tls-key, too");
  if (needs("tls-key", "tls-cert")) throw new UsageError("--tls-key needs --tls-cert, too");
  if (needs("reload-dir", "reload")) throw new UsageError("--reload-dir needs --reload");
  for (const name of ["max-requests", "start-timeout"] as const) {
    if (needs(name, "workers") && needs(name, "reload"))
      throw new UsageError(`--${name} is for workers: give --workers, too`);
  }
}
