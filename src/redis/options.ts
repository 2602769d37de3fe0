/*
 * How a client is made: Ambit's own options beside the driver's, and what the driver is told.
 *
 * Every option of ioredis's (TLS, sentinels, `keyPrefix`, `retryStrategy`, …) is passed on, but for those that say how it
 * keeps commands back, repeats them or gives them up: that is decided here, or a command could be carried out twice, or
 * after its caller was told that it was not.
 */
import type { RedisOptions as DriverOptions } from "ioredis";
import { expectInteger, expectMilliseconds, wrongType } from "../core/arguments.ts";
import { outOfRange } from "../core/arguments.ts";

/** Options of the driver's that Ambit sets. */
const MANAGED = [
  "autoResendUnfulfilledCommands",
  "autoResubscribe",
  "blockingTimeout",
  "enableAutoPipelining",
  "enableOfflineQueue",
  "lazyConnect",
  "maxRetriesPerRequest",
  "monitor",
  "replyMapping",
  "scripts",
] as const;

/** How a client is made. */
export interface RedisOptions extends Omit<DriverOptions, (typeof MANAGED)[number]> {
  /**
   * Milliseconds in which an answer must come; Infinity for no limit. Default 10,000. What takes longer ends with a
   * {@link RedisTimeoutError}, and the connection with it: answers come in order, so nothing that was sent later would
   * get one either.
   */
  readonly commandTimeout?: number;
  /** Milliseconds for which a command waits for a connection, and an attempt to connect may take. Default 10,000. */
  readonly connectTimeout?: number;
  /** How many connections there may be for commands that block, and for `watch`; a call more waits. Default 64. */
  readonly dedicatedConnections?: number;
}

/** The options, checked. @internal */
export interface Settings {
  readonly driver: DriverOptions;
  readonly commandTimeout: number;
  readonly connectTimeout: number;
  readonly dedicatedConnections: number;
}

const FORCED: DriverOptions = {
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  enableOfflineQueue: false,
  lazyConnect: true,
  maxRetriesPerRequest: null,
};

/** How long a dead connection may take to close itself, and how fast a lost one is sought again. */
const FIRST_DELAY = 20;
const LONGEST_DELAY = 2000;

function retryDelay(attempt: number): number {
  return Math.min(FIRST_DELAY * 2 ** Math.min(attempt - 1, 10), LONGEST_DELAY);
}

/** Checks the options, which may begin with a URL. @internal */
export function settingsOf(url: unknown, options: unknown): Settings {
  if (url !== undefined && typeof url !== "string")
    throw wrongType("url", "a string such as `redis://localhost:6379`", url);
  if (typeof options !== "object" || options === null)
    throw wrongType("options", "an object", options);
  const managed = MANAGED.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (managed !== undefined) throw new TypeError(`Expected no \`${managed}\`: Ambit sets it`);
  const { commandTimeout, connectTimeout, dedicatedConnections, ...rest }: RedisOptions = options;
  const limits = {
    commandTimeout: commandTimeout ?? 10_000,
    connectTimeout: connectTimeout ?? 10_000,
    dedicatedConnections: dedicatedConnections ?? 64,
  };
  expectDuration("options.commandTimeout", limits.commandTimeout);
  expectDuration("options.connectTimeout", limits.connectTimeout);
  expectInteger("options.dedicatedConnections", limits.dedicatedConnections, 1);
  const driver: DriverOptions = {
    retryStrategy: retryDelay,
    ...(url === undefined ? {} : partsOf(url)),
    ...rest,
    connectTimeout: Number.isFinite(limits.connectTimeout) ? limits.connectTimeout : 0,
    ...FORCED,
  };
  return { driver, ...limits };
}

function expectDuration(name: string, value: number): void {
  expectMilliseconds(name, value);
  if (value <= 0) throw outOfRange(name, "a positive number of milliseconds", value);
}

/** The parts of `redis://user:password@host:port/db`, of `rediss://` for TLS, or of `redis+unix:///path`. */
function partsOf(text: string): DriverOptions {
  const url = URL.canParse(text) ? new URL(text) : null;
  const scheme = url?.protocol;
  if (url === null || !["redis:", "rediss:", "redis+unix:", "unix:"].includes(scheme as string)) {
    const shown = text.replace(/\/\/[^@/]*@/, "//***@");
    const expected = "a URL such as `redis://localhost:6379`, `rediss://…` or `redis+unix:///path`";
    throw wrongType("url", expected, shown);
  }
  const secret: DriverOptions = {
    ...(url.username === "" ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === "" ? {} : { password: decodeURIComponent(url.password) }),
  };
  if (scheme === "redis+unix:" || scheme === "unix:")
    return {
      ...secret,
      path: decodeURIComponent(url.pathname),
      ...databaseOf(url, url.searchParams.get("db")),
    };
  return {
    ...secret,
    host: url.hostname === "" ? "localhost" : url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6379 : Number(url.port),
    ...(scheme === "rediss:" ? { tls: {} } : {}),
    ...databaseOf(url, url.pathname.slice(1) || url.searchParams.get("db")),
  };
}

function databaseOf(url: URL, text: string | null): DriverOptions {
  if (text === null || text === "") return {};
  if (!/^\d+$/.test(text)) {
    throw new TypeError(
      `Expected the path of \`url\` to be the number of a database, got \`${url.pathname}\``,
    );
  }
  return { db: Number(text) };
}
