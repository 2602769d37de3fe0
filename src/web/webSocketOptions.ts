/*
 * What a WebSocket route may be told, checked once, when it is made.
 */
import {
  expectInteger,
  expectLimit,
  expectMilliseconds,
  outOfRange,
  wrongType,
} from "../core/arguments.ts";
import { checkedProtocols } from "../webSockets/subprotocols.ts";
import type { RawDeflate, RawServerOptions } from "./webSocketLibrary.ts";
import { type OriginRule, originRule, type WebSocketOrigins } from "./webSocketOrigin.ts";
import type { OnDisconnect } from "./routeOptions.ts";

/** How messages are compressed (permessage-deflate, RFC 7692). */
export interface WebSocketCompression {
  /** Messages below so many bytes are sent as they are. Default 1024. */
  readonly threshold?: number;
  /** From 0 to 9, zlib's. Default 6. */
  readonly level?: number;
  /**
   * Whether a message may refer to earlier ones: packs small ones better, and costs about 300 KB for each connection.
   * Default false.
   */
  readonly contextTakeover?: boolean;
  /** How many messages are packed at once, over all connections of the process. Default 10. */
  readonly concurrency?: number;
}

/** How the WebSockets of a route are treated. */
export interface WebSocketOptions<Protocol extends string = string> {
  /**
   * The pages that may open one: browsers send their origin, and cookies with it, whatever page the script is in
   * (cross-site WebSocket hijacking). Default: pages of this host, and clients that are no browsers and send none. A list
   * of origins allows those besides; a function decides alone; `"any"` lets all in.
   */
  readonly origins?: WebSocketOrigins;
  /** Subprotocols, the most wanted first. The first that the client offers too is taken; none when there's no such. */
  readonly protocols?: readonly Protocol[];
  /** Bytes that a message may have, unpacked; Infinity for no limit. A longer one closes it with 1009. Default 1 MiB. */
  readonly maxPayload?: number;
  /** Packs messages, when the client can too. Default false. */
  readonly compress?: boolean | WebSocketCompression;
  /** After so many milliseconds without anything from the client it is pinged; Infinity for never. Default 20,000. */
  readonly heartbeat?: number;
  /** When it does not answer that within so many milliseconds, it counts as lost. Default 20,000. */
  readonly heartbeatTimeout?: number;
  /** How long a receive waits for a message until it throws a TimeoutError, in milliseconds. Default Infinity. */
  readonly receiveTimeout?: number;
  /** Milliseconds that the closing handshake may take before the connection is cut. Default 5000. */
  readonly closeTimeout?: number;
  /** With so many bytes on their way to a client that is slow, `send` waits. Default 64 KiB. */
  readonly highWaterMark?: number;
  /** With so many messages that were not received, the client is held back. Default 256. */
  readonly unreadMessages?: number;
  /** With so many bytes of messages that were not received, too. Default 256 KiB. */
  readonly unreadBytes?: number;
  /** What becomes of the handler when the connection is lost, see `RouteOptions`. Default: the route's. */
  readonly onDisconnect?: OnDisconnect;
}

/** The options, checked. @internal */
export interface WebSocketSettings {
  readonly origin: OriginRule;
  readonly protocols: readonly string[];
  readonly maxPayload: number;
  readonly deflate: RawDeflate | null;
  readonly heartbeat: number;
  readonly heartbeatTimeout: number;
  readonly receiveTimeout: number;
  readonly closeTimeout: number;
  readonly highWaterMark: number;
  readonly unreadMessages: number;
  readonly unreadBytes: number;
  readonly onDisconnect: OnDisconnect | undefined;
}

const KIB = 1024;
/** What Node's timers can do, and the largest message that `ws` counts up to. */
const INT32 = 2 ** 31 - 1;

/** @internal */
export function webSocketSettings(options: WebSocketOptions): WebSocketSettings {
  const { onDisconnect, maxPayload = KIB * KIB } = options;
  expectLimit("options.maxPayload", maxPayload, 1);
  if (onDisconnect !== undefined && onDisconnect !== "cancel" && onDisconnect !== "finish")
    throw outOfRange("options.onDisconnect", '"cancel" or "finish"', onDisconnect);
  return {
    origin: originRule(options.origins),
    protocols: checkedProtocols(options.protocols ?? []),
    maxPayload: Math.min(maxPayload, INT32),
    deflate: deflateOf(options.compress ?? false),
    heartbeat: duration("heartbeat", options.heartbeat ?? 20_000),
    heartbeatTimeout: duration("heartbeatTimeout", options.heartbeatTimeout ?? 20_000),
    receiveTimeout: duration("receiveTimeout", options.receiveTimeout ?? Infinity),
    closeTimeout: Math.min(INT32, duration("closeTimeout", options.closeTimeout ?? 5000)),
    highWaterMark: count("highWaterMark", options.highWaterMark ?? 64 * KIB),
    unreadMessages: count("unreadMessages", options.unreadMessages ?? 256),
    unreadBytes: count("unreadBytes", options.unreadBytes ?? 256 * KIB),
    onDisconnect,
  };
}

function duration(name: string, value: number): number {
  expectMilliseconds(`options.${name}`, value);
  if (value > 0) return value;
  throw outOfRange(`options.${name}`, "more than 0 milliseconds (Infinity for never)", value);
}

function count(name: string, value: number): number {
  expectInteger(`options.${name}`, value, 1);
  return value;
}

function deflateOf(compress: boolean | WebSocketCompression): RawDeflate | null {
  if (compress === false) return null;
  if (compress !== true && (typeof compress !== "object" || compress === null))
    throw wrongType("options.compress", "true, false or how", compress);
  const { threshold = KIB, level = 6, contextTakeover = false } = compress === true ? {} : compress;
  const { concurrency = 10 } = compress === true ? {} : compress;
  expectInteger("options.compress.threshold", threshold, 0);
  expectInteger("options.compress.concurrency", concurrency, 1);
  expectInteger("options.compress.level", level, 0);
  if (level > 9) throw outOfRange("options.compress.level", "0 to 9", level);
  return {
    serverNoContextTakeover: !contextTakeover,
    clientNoContextTakeover: !contextTakeover,
    threshold,
    concurrencyLimit: concurrency,
    zlibDeflateOptions: { level, memLevel: 7 },
  };
}

/**
 * The options in the words of `ws`. A message may come in small pieces, but not in more than a message of that size needs
 * when they are 64 bytes each: each piece costs more memory than it holds.
 * @internal
 */
export function rawOptions(settings: WebSocketSettings): RawServerOptions {
  const pieces = Math.min(INT32, KIB + Math.ceil(settings.maxPayload / 64));
  return {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: settings.deflate ?? false,
    maxPayload: settings.maxPayload,
    maxFragments: pieces,
    maxBufferedChunks: pieces,
    closeTimeout: settings.closeTimeout,
  };
}
