/*
 * What a WebSocket may be told, checked.
 */
import { expectFunction, expectLimit, outOfRange, wrongType } from "../core/arguments.ts";
import { checkedProtocols } from "../webSockets/subprotocols.ts";
import type { BodyOptions } from "./bodyOptions.ts";
import type { RequestOptions } from "./requestOptions.ts";

/** How a WebSocket is opened; see {@link ClientSession.wsConnect}. */
export interface WebSocketOptions extends Omit<
  RequestOptions,
  keyof BodyOptions | "raiseForStatus"
> {
  /**
   * Subprotocols to offer, the most wanted first. The server must pick one of them; without any, it
   * must pick none.
   */
  readonly protocols?: readonly string[];
  /** The `Origin` header, which some servers want. */
  readonly origin?: string;
  /**
   * After so many milliseconds without anything from the peer it is pinged; half of that later
   * without anything, it counts as gone. Infinity (default) for never.
   */
  readonly heartbeat?: number;
  /** Answers the peer's pings. Default true. */
  readonly autoping?: boolean;
  /** Called with the data of each ping of the peer's, in no task. */
  readonly onPing?: (data: Uint8Array) => void;
  /** Offers compression (permessage-deflate, RFC 7692). Default false. */
  readonly compress?: boolean;
  /**
   * Bytes that a message may have, uncompressed; 0 or Infinity for any number. A longer one closes
   * the WebSocket with 1009. Default 4 MiB.
   */
  readonly maxMessageSize?: number;
  /** Milliseconds that the closing handshake may take before the connection is cut. Default 10,000. */
  readonly closeTimeout?: number;
}

/** @internal */
export interface WebSocketSettings {
  readonly protocols: readonly string[];
  readonly origin: string | undefined;
  readonly heartbeat: number;
  readonly autoping: boolean;
  readonly onPing: ((data: Uint8Array) => void) | undefined;
  readonly compress: boolean;
  /** 0 for no limit. */
  readonly maxMessageSize: number;
  readonly closeTimeout: number;
}

const MAX_MESSAGE_SIZE = 4 * 1024 * 1024;
const CLOSE_TIMEOUT = 10_000;
/** What Node's timers can do. */
const LONGEST = 2 ** 31 - 1;

/** @internal */
export function webSocketSettings(options: WebSocketOptions): WebSocketSettings {
  const { protocols = [], origin, onPing, maxMessageSize = MAX_MESSAGE_SIZE } = options;
  if (origin !== undefined && typeof origin !== "string")
    throw wrongType("options.origin", "a string", origin);
  if (onPing !== undefined) expectFunction("options.onPing", onPing);
  expectLimit("options.maxMessageSize", maxMessageSize, 0);
  return {
    protocols: checkedProtocols(protocols),
    origin,
    heartbeat: duration("options.heartbeat", options.heartbeat ?? Infinity),
    autoping: flag("options.autoping", options.autoping ?? true),
    onPing,
    compress: flag("options.compress", options.compress ?? false),
    maxMessageSize: maxMessageSize === Infinity ? 0 : maxMessageSize,
    closeTimeout: Math.min(
      LONGEST,
      duration("options.closeTimeout", options.closeTimeout ?? CLOSE_TIMEOUT),
    ),
  };
}

function duration(name: string, value: number): number {
  if (typeof value !== "number") throw wrongType(name, "a number of milliseconds", value);
  if (value > 0) return value;
  throw outOfRange(name, "more than 0 milliseconds (Infinity for never)", value);
}

function flag(name: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw wrongType(name, "true or false", value);
}
