/*
 * The working parts of an open WebSocket, and the one place where it ends.
 *
 * Events of the socket come in no task's context: they only settle waits. The end comes once, whoever
 * brings it: the peer's close frame, ours, a lost connection, a breach of the protocol, a silent
 * peer, the session's close. The first of them is the one that is told. What was received before
 * stays to be read, unless the end was ours.
 */
import type { Loop } from "../core/loop.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import type { Subject } from "./errors.ts";
import {
  ABNORMAL,
  codeFor,
  codeInWords,
  NO_CODE,
  WebSocketClosedError,
} from "./webSocketErrors.ts";
import { Heartbeat, type Pulse } from "./webSocketHeartbeat.ts";
import { Inbox } from "./webSocketInbox.ts";
import type { RawWebSocket } from "./webSocketLibrary.ts";
import type { WebSocketSettings } from "./webSocketOptions.ts";
import { Outbox } from "./webSocketOutbox.ts";
import { Pings } from "./webSocketPings.ts";

/** What a WebSocket is made of. @internal */
export interface WebSocketParts {
  readonly raw: RawWebSocket;
  readonly subject: Subject;
  readonly loop: Loop;
  readonly settings: WebSocketSettings;
  /** The bytes that came over the connection so far. */
  received(): number;
  /** What broke the connection, if it broke: `ws` keeps that to itself. */
  broken(): Error | null;
  /** True once there is no connection any more, though `ws` may not know yet. */
  gone(): boolean;
  /** Called when it has ended. */
  ended(): void;
}

/** Closing in order: for these, a loop over the messages ends and does not throw. */
const ORDERLY: readonly number[] = [1000, 1001, NO_CODE];
/** The state in which `ws` sends. */
const OPEN = 1;

/** @internal */
export class WebSocketLink implements Pulse {
  readonly raw: RawWebSocket;
  readonly subject: Subject;
  /** What diagnostics print; not the path, which may hold secrets. */
  readonly label: string;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly pings: Pings;
  state: "open" | "closing" | "closed" = "open";
  closeCode: number | null = null;
  closeReason = "";
  /** It ended in a way that ends a loop over the messages. */
  orderly = false;
  readonly #parts: WebSocketParts;
  readonly #heartbeat: Heartbeat;
  readonly #closers = new WaitQueue();
  #makeEnd: (() => Error) | null = null;

  constructor(parts: WebSocketParts) {
    const { raw, subject, loop, settings } = parts;
    this.raw = raw;
    this.subject = subject;
    this.label = `WebSocket ${new URL(subject.url).host}`;
    this.inbox = new Inbox(this.label, raw);
    this.outbox = new Outbox(raw, parts.gone, this.label);
    this.pings = new Pings(loop);
    this.#parts = parts;
    this.#heartbeat = new Heartbeat(loop, settings.heartbeat, this);
    this.#listen(raw, settings);
    this.#heartbeat.start();
  }

  #listen(raw: RawWebSocket, { onPing }: WebSocketSettings): void {
    const { loop } = this.#parts;
    raw.on("message", (data, isBinary) => {
      this.inbox.put(isBinary ? own(data) : data.toString("utf8"), data.length);
    });
    raw.on("pong", (data) => this.pings.answer(data));
    if (onPing !== undefined) raw.on("ping", (data) => loop.guard(() => onPing(own(data))));
    raw.on("error", (error) => this.#break(error));
    raw.on("close", (code, reason) => this.#closed(code, reason.toString("utf8")));
  }

  get received(): number {
    return this.#parts.received();
  }

  get deaf(): boolean {
    return this.inbox.paused;
  }

  ping(): void {
    this.raw.ping(this.pings.unique());
  }

  /** Why nothing can be sent, or null. */
  get refusal(): Error | null {
    if (this.#makeEnd !== null) return this.#makeEnd();
    if (this.raw.readyState === OPEN) return null;
    return new WebSocketClosedError(this.subject, NO_CODE, "", "it is being closed");
  }

  /** How it ended, once it has: a new error each time, for its stack. */
  end(): Error {
    return (this.#makeEnd as () => Error)();
  }

  /** Starts the closing handshake, unless it has begun. */
  beginClose(code: number, reason: string): void {
    if (this.state !== "open") return;
    this.state = "closing";
    this.orderly = true;
    this.raw.close(code, reason);
    this.#stop(() => {
      const words = `it was closed here with ${codeInWords(code, reason)}`;
      return new WebSocketClosedError(this.subject, this.closeCode ?? code, reason, words);
    }, true);
  }

  /** Waits until it is closed; a cancel cuts the connection. */
  closing(): Promise<void> {
    let begun = false;
    const start = (wait: Wait<void>): Cleanup<void, undefined> => {
      begun = true;
      this.#closers.push(wait);
      return this.#cut;
    };
    const closing = suspend<void>(start, undefined, `${this.label} close`);
    // A wait that is refused, because a cancel is due, has no clean-up.
    if (!begun) this.raw.terminate();
    return closing;
  }

  readonly #cut = (wait: Wait<void>): void => {
    this.#closers.remove(wait);
    this.raw.terminate();
  };

  /** Ends it at once: the session is closed. */
  fail(error: Error): void {
    if (this.state === "closed") return;
    this.raw.close(1001, "");
    this.state = "closing";
    this.#stop(() => error, true);
    this.raw.terminate();
  }

  /** The peer has been silent for too long. */
  lost(silentMs: number): void {
    this.state = "closing";
    const words = `the connection is dead: nothing came for ${silentMs} ms, not even an answer to a ping`;
    this.#stop(() => new WebSocketClosedError(this.subject, ABNORMAL, "", words), false);
    this.raw.terminate();
  }

  /** The socket failed, or the peer broke the protocol: nothing it says from now on is believed. */
  #break(error: NodeJS.ErrnoException): void {
    const code = codeFor(error);
    const why = error.message.replace(/^Invalid WebSocket frame: /, "");
    const words =
      code === null
        ? `the connection was lost: ${why}`
        : `the peer broke the protocol: ${why}; closed with ${codeInWords(code, "")}`;
    if (this.state === "open") this.state = "closing";
    this.closeCode ??= code;
    const { subject } = this;
    this.#stop(() => new WebSocketClosedError(subject, code ?? ABNORMAL, "", words, error), false);
  }

  #closed(code: number, reason: string): void {
    this.state = "closed";
    this.closeCode ??= code;
    this.closeReason = reason;
    if (this.#makeEnd === null) this.orderly = ORDERLY.includes(code);
    this.#stop(() => this.#closedBy(code, reason), false);
    for (let next = this.#closers.shift(); next !== null; next = this.#closers.shift()) {
      next.resolve();
    }
    this.#parts.ended();
  }

  #closedBy(code: number, reason: string): Error {
    const { subject } = this;
    if (code !== ABNORMAL) {
      const words = `the peer closed it with ${codeInWords(code, reason)}`;
      return new WebSocketClosedError(subject, code, reason, words);
    }
    const broken = this.#parts.broken();
    const how = broken === null ? "" : `: ${broken.message}`;
    const words = `the connection was lost without a closing handshake (1006)${how}`;
    return new WebSocketClosedError(subject, code, reason, words, broken ?? undefined);
  }

  /** Nothing more comes, and nothing more goes. */
  #stop(makeEnd: () => Error, drop: boolean): void {
    this.#heartbeat.stop();
    this.#makeEnd ??= makeEnd;
    this.inbox.end(drop);
    this.outbox.fail(this.end());
    this.pings.fail(this.end());
  }
}

/** The bytes of a message, without the chunk of the network's that they came in. */
function own(data: Buffer): Uint8Array {
  const { buffer, byteOffset, byteLength } = data;
  if (buffer.byteLength > 2 * byteLength) return new Uint8Array(data);
  return new Uint8Array(buffer, byteOffset, byteLength);
}
