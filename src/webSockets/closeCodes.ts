/*
 * The numbers that a WebSocket ends with, and what they mean (RFC 6455, section 7.4).
 */
import { outOfRange, wrongType } from "../core/arguments.ts";

/** Closed for good. @internal */
export const NORMAL = 1000;
/** The server stops, or the page was left. @internal */
export const GOING_AWAY = 1001;
/** The peer's close frame had no code. Never sent. @internal */
export const NO_CODE = 1005;
/** The connection was lost without a closing handshake. Never sent. @internal */
export const ABNORMAL = 1006;
/** @internal */
export const INTERNAL_ERROR = 1011;

const MEANINGS: Readonly<Record<number, string>> = {
  1000: "normal closure",
  1001: "going away",
  1002: "protocol error",
  1003: "a type of data that is not accepted",
  1005: "no code",
  1006: "no closing handshake",
  1007: "data that is not what its type says",
  1008: "policy violation",
  1009: "message too big",
  1010: "an extension is missing",
  1011: "internal error",
  1012: "service restart",
  1013: "try again later",
  1014: "bad gateway",
  1015: "TLS handshake failed",
};

/** The code in words: `1001 (going away)`. @internal */
export function codeInWords(code: number, reason: string): string {
  const meaning = MEANINGS[code] ?? (code < 3000 ? "unknown" : "application");
  return reason === "" ? `${code} (${meaning})` : `${code} (${meaning}): ${reason}`;
}

/** Whether a close frame may have that code (RFC 6455, section 7.4, and IANA's registry). */
function isSendable(code: number): boolean {
  const standard = code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
  return Number.isInteger(code) && (standard || (code >= 3000 && code <= 4999));
}

/** Whether a loop over the messages ends with that code, and does not throw. @internal */
export function isOrderly(code: number): boolean {
  return code === NORMAL || code === GOING_AWAY || code === NO_CODE;
}

/** What a close frame may have, in words. */
const SENDABLE = "1000 to 1014 without 1004 to 1006, or 3000 to 4999";

/** @internal */
export function expectSendable(name: string, code: number): void {
  if (typeof code !== "number") throw wrongType(name, "a number", code);
  if (!isSendable(code)) throw outOfRange(name, SENDABLE, code);
}

/** Checks what a program closes a WebSocket with. @internal */
export function expectClosing(code: number, reason: string): void {
  expectSendable("code", code);
  if (typeof reason !== "string") throw wrongType("reason", "a string", reason);
  if (Buffer.byteLength(reason) > 123) throw outOfRange("reason", "at most 123 bytes", reason);
}

/** By the code of `ws`'s error: what it sends the peer as it fails the connection. */
const SENT: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
};

/** The code that the peer is sent for what it did wrong; null when the error is none of the protocol's. @internal */
export function breachCode({ code = "" }: NodeJS.ErrnoException): number | null {
  const sent = SENT[code];
  if (sent !== undefined) return sent;
  // What zlib says of a compressed message.
  if (code.startsWith("Z_")) return 1007;
  return code.startsWith("WS_ERR_") ? 1002 : null;
}

/** What that peer did wrong, in words. @internal */
export function breachInWords(peer: string, { message }: Error, code: number): string {
  const why = message.replace(/^Invalid WebSocket frame: /, "");
  return `the ${peer} broke the protocol: ${why}; closed with ${codeInWords(code, "")}`;
}

/** That there is no connection any more, and what broke it, in words. @internal */
export function lossInWords(broken: Error | null): string {
  const words = "the connection was lost without a closing handshake (1006)";
  return broken === null ? words : `${words}: ${broken.message}`;
}
