/*
 * How a connector is made: the options, and what they become once they are checked.
 */
import { isIP } from "node:net";
import {
  expectFunction,
  expectInteger,
  expectLimit,
  outOfRange,
  wrongType,
} from "../core/arguments.ts";
import type { DnsCacheLimits, Lookup } from "./dnsCache.ts";
import { nodeHeaderSize } from "./headerSize.ts";
import { type TlsOptions, type TlsSettings, tlsSettings } from "./tlsOptions.ts";

/** How names are kept that were looked up. */
export interface DnsCacheOptions {
  /** Milliseconds that an answer is used for. Default 10,000; at least 0. */
  readonly ttl?: number;
  /** How many names are kept; the oldest goes first. Default 1000; at least 1. */
  readonly max?: number;
}

/** How a {@link Connector} makes connections, how many, and how long it keeps them. */
export interface ConnectorOptions {
  /** How many requests may be open at a time; 0 or Infinity for any number. Default 100. */
  readonly limit?: number;
  /** How many of them to one origin; 0 (default) or Infinity for any number. */
  readonly limitPerHost?: number;
  /**
   * Milliseconds that an idle connection is kept for the next request; above 0. Default 15,000. A
   * server that says it waits less (its header `Keep-Alive`) is obeyed, with a second to spare.
   */
  readonly keepAliveTimeout?: number;
  /** Closes each connection after one request. Default false. */
  readonly forceClose?: boolean;
  /** The path of a Unix socket that every connection goes to, whatever the URL's host is. */
  readonly socketPath?: string;
  /** The address of this machine that connections come from. */
  readonly localAddress?: string;
  /** 4 or 6 for addresses of that family only. Default 0: both. */
  readonly family?: 0 | 4 | 6;
  /**
   * Milliseconds that one of a host's addresses is given before the next is tried ("happy
   * eyeballs", RFC 8305, as Node does it: the slower one is given up); at least 10. Default 250.
   * False: only the first address is tried.
   */
  readonly happyEyeballs?: number | false;
  /** How long names are kept; false: each connection looks its host up. */
  readonly dnsCache?: DnsCacheOptions | false;
  /** Looks names up, in place of Node's `dns.lookup`, in whose shape it is. */
  readonly lookup?: Lookup;
  /** How `https:` is secured. */
  readonly tls?: TlsOptions;
  /** Speaks HTTP/2 with servers that do; HTTP/1.1 with the others. Default false. */
  readonly http2?: boolean;
  /** How many bytes the head of an answer may have. Default: Node's, 16,384. */
  readonly maxHeaderSize?: number;
}

/** The options, checked and complete. @internal */
export interface ConnectorSettings {
  readonly limit: number;
  readonly limitPerHost: number;
  readonly keepAliveTimeout: number;
  readonly forceClose: boolean;
  readonly socketPath: string | null;
  readonly localAddress: string | null;
  readonly family: 0 | 4 | 6;
  readonly happyEyeballs: number | null;
  readonly dnsCache: DnsCacheLimits | null;
  readonly lookup: Lookup | null;
  readonly tls: TlsSettings;
  readonly http2: boolean;
  readonly maxHeaderSize: number;
}

const LIMIT = 100;
const KEEP_ALIVE = 15_000;
const HAPPY_EYEBALLS = 250;
const TTL = 10_000;
const MOST_NAMES = 1000;
/** Node takes no less. */
const LEAST_HAPPY = 10;

/** Checks options from outside; `at` is what errors put before their names. @internal */
export function connectorSettings(options: ConnectorOptions, at: string): ConnectorSettings {
  if (typeof options !== "object" || options === null)
    throw wrongType(at, "an object of options", options);
  const { limit = LIMIT, limitPerHost = 0, keepAliveTimeout = KEEP_ALIVE, lookup } = options;
  const { maxHeaderSize = nodeHeaderSize() } = options;
  expectInteger(`${at}.maxHeaderSize`, maxHeaderSize, 1);
  if (lookup !== undefined) expectFunction(`${at}.lookup`, lookup);
  const localAddress = textOf(`${at}.localAddress`, options.localAddress);
  return {
    limit: limitOf(`${at}.limit`, limit),
    limitPerHost: limitOf(`${at}.limitPerHost`, limitPerHost),
    keepAliveTimeout: checkedKeepAlive(`${at}.keepAliveTimeout`, keepAliveTimeout),
    forceClose: flag(`${at}.forceClose`, options.forceClose),
    socketPath: textOf(`${at}.socketPath`, options.socketPath),
    localAddress,
    family: familyOf(at, options.family, localAddress),
    happyEyeballs: eyeballsOf(`${at}.happyEyeballs`, options.happyEyeballs),
    dnsCache: cacheOf(`${at}.dnsCache`, options.dnsCache),
    lookup: lookup ?? null,
    tls: tlsSettings(`${at}.tls`, options.tls),
    http2: flag(`${at}.http2`, options.http2),
    maxHeaderSize,
  };
}

/** 0 is no limit. @internal */
export function limitOf(name: string, limit: number): number {
  expectLimit(name, limit, 0);
  return limit === 0 ? Infinity : limit;
}

function flag(name: string, value: boolean | undefined): boolean {
  if (value !== undefined && typeof value !== "boolean") throw wrongType(name, "a boolean", value);
  return value ?? false;
}

function textOf(name: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  if (typeof value !== "string") throw wrongType(name, "a string", value);
  if (value === "") throw outOfRange(name, "a string that is not empty", value);
  return value;
}

/** The longest that Node's timers take. */
const LONGEST = 2 ** 31 - 1;

function checkedKeepAlive(name: string, value: number): number {
  if (typeof value !== "number") throw wrongType(name, "a number of milliseconds", value);
  if (value > 0) return Math.min(value, LONGEST);
  throw outOfRange(name, "more than 0 milliseconds (`forceClose` keeps no connection)", value);
}

function familyOf(
  at: string,
  family: 0 | 4 | 6 | undefined,
  localAddress: string | null,
): 0 | 4 | 6 {
  if (family !== undefined && family !== 0 && family !== 4 && family !== 6)
    throw outOfRange(`${at}.family`, "0, 4 or 6", family);
  if (localAddress === null) return family ?? 0;
  const own = isIP(localAddress);
  if (own === 0) throw outOfRange(`${at}.localAddress`, "an IP address", localAddress);
  // From an address of one family only addresses of the same can be reached.
  return own as 4 | 6;
}

function eyeballsOf(name: string, value: number | false | undefined): number | null {
  if (value === false) return null;
  if (value !== undefined) expectInteger(name, value, LEAST_HAPPY);
  return value ?? HAPPY_EYEBALLS;
}

function cacheOf(
  name: string,
  options: DnsCacheOptions | false | undefined,
): DnsCacheLimits | null {
  if (options === false) return null;
  if (options === undefined) return { ttl: TTL, max: MOST_NAMES };
  if (typeof options !== "object" || options === null)
    throw wrongType(name, "an object, or false", options);
  const { ttl = TTL, max = MOST_NAMES } = options;
  if (typeof ttl !== "number") throw wrongType(`${name}.ttl`, "a number of milliseconds", ttl);
  if (!(ttl >= 0)) throw outOfRange(`${name}.ttl`, "at least 0 milliseconds", ttl);
  expectLimit(`${name}.max`, max, 1);
  return { ttl, max };
}
