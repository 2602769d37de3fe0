/*
 * The npm package `ws`, loaded when the first WebSocket is opened, and what both sides use of it.
 *
 * It does frames, masking, compression and the closing handshake. Its types are in another package, which users of ours
 * need not have: so they are said again, as far as they matter; what matters to one side alone is said there.
 */
import { createRequire } from "node:module";
import type { Drain } from "./outbox.ts";

/** A WebSocket of `ws`. @internal */
export interface RawWebSocket extends Drain {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** What was agreed on, by name and separated by commas. */
  readonly extensions: string;
  ping(data: Uint8Array): void;
  pause(): void;
  resume(): void;
  /** Starts the closing handshake. */
  close(code: number, reason: string): void;
  /** Destroys the socket; while connecting, gives that up. */
  terminate(): void;
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: "pong", listener: (data: Buffer) => void): unknown;
  on(event: "close", listener: (code: number, reason: Buffer) => void): unknown;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

const requireHere = createRequire(import.meta.url);
let loaded: unknown = null;

/** The package; its user says what it is. @internal */
export function loadLibrary(): unknown {
  return (loaded ??= requireHere("ws"));
}

/** Whether messages may be packed (RFC 7692): both sides have agreed. @internal */
export function isCompressed(raw: RawWebSocket): boolean {
  return raw.extensions.includes("permessage-deflate");
}

/** The bytes of a message, in a buffer of their own: no piece of the chunk of the network's that they came in. @internal */
export function ownBytes(data: Buffer): Uint8Array {
  const { buffer, byteLength } = data;
  return buffer.byteLength === byteLength ? new Uint8Array(buffer) : new Uint8Array(data);
}
