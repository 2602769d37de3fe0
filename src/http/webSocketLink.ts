/*
 * The working parts of an open WebSocket, and the one place where it ends.
 *
 * Events of the socket come in no task's context: they only settle waits. The end comes once, whoever
 * brings it: the peer's close frame, ours, a lost connection, a breach of the protocol, a silent
 * peer, the session's close. The first of them is the one that is told. What was received before
 * stays to be read, unless the end was ours.
 */
import type { Loop } from "../core/loop.ts";
import type { Subject } from "./errors.ts";
import {
  ABNORMAL,
  breachCode,
  breachInWords,
  codeInWords,
  GOING_AWAY,
  isOrderly,
  lossInWords,
  NO_CODE,
} from "../webSockets/closeCodes.ts";
import { Closers } from "../webSockets/closers.ts";
import { Heartbeat, type Pulse, silenceInWords } from "../webSockets/heartbeat.ts";
import { Inbox, type InboxLimits } from "../webSockets/inbox.ts";
import { ownBytes } from "../webSockets/library.ts";
import type { MessageSource } from "../webSockets/messages.ts";
import { Outbox } from "../webSockets/outbox.ts";
import { Pings } from "../webSockets/pings.ts";
import { WebSocketClosedError } from "./webSocketErrors.ts";
import type { OpeningWebSocket } from "./webSocketLibrary.ts";
import type { WebSocketSettings } from "./webSocketOptions.ts";

/** What a WebSocket is made of. @internal */
export interface WebSocketParts {
  readonly raw: OpeningWebSocket;
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

/** With so much unread, the socket is paused. */
const UNREAD: InboxLimits = {
  unreadMessages: 1024,
  unreadBytes: 256 * 1024,
  receiveTimeout: Infinity,
};
/** With this many bytes on their way, senders wait. */
const UNSENT_BYTES = 64 * 1024;
/** The state in which `ws` sends. */
const OPEN = 1;

/** @internal */
export class WebSocketLink implements Pulse, MessageSource {
  readonly raw: OpeningWebSocket;
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
  readonly #closers: Closers;
  #makeEnd: (() => Error) | null = null;

  constructor(parts: WebSocketParts) {
    const { raw, subject, loop, settings } = parts;
    this.raw = raw;
    this.subject = subject;
    this.label = `WebSocket ${new URL(subject.url).host}`;
    this.inbox = new Inbox(this.label, raw, loop, UNREAD);
    this.outbox = new Outbox(raw, parts.gone, this.label, UNSENT_BYTES);
    this.pings = new Pings(loop, (data) => raw.ping(data));
    this.#closers = new Closers(this.label, () => raw.terminate());
    this.#parts = parts;
    this.#heartbeat = new Heartbeat(loop, settings.heartbeat, settings.heartbeat / 2, this);
    this.#listen(raw, settings);
    this.#heartbeat.start();
  }

  #listen(raw: OpeningWebSocket, { onPing }: WebSocketSettings): void {
    const { loop } = this.#parts;
    raw.on("message", (data, isBinary) => {
      this.inbox.put(isBinary ? ownBytes(data) : data.toString("utf8"), data.length);
    });
    raw.on("pong", (data) => {
      this.#heartbeat.answered();
      this.pings.answer(data);
    });
    if (onPing !== undefined) raw.on("ping", (data) => loop.guard(() => onPing(ownBytes(data))));
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
    this.pings.beat();
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
    return this.#closers.wait();
  }

  /** Ends it at once: the session is closed. */
  fail(error: Error): void {
    if (this.state === "closed") return;
    this.raw.close(GOING_AWAY, "");
    this.state = "closing";
    this.#stop(() => error, true);
    this.raw.terminate();
  }

  /** The peer has been silent for too long. */
  lost(silentMs: number): void {
    this.state = "closing";
    const words = silenceInWords(silentMs);
    this.#stop(() => new WebSocketClosedError(this.subject, ABNORMAL, "", words), false);
    this.raw.terminate();
  }

  /** The socket failed, or the peer broke the protocol: nothing it says from now on is believed. */
  #break(error: NodeJS.ErrnoException): void {
    const code = breachCode(error);
    const words =
      code === null
        ? `the connection was lost: ${error.message}`
        : breachInWords("peer", error, code);
    if (this.state === "open") this.state = "closing";
    this.closeCode ??= code;
    const { subject } = this;
    this.#stop(() => new WebSocketClosedError(subject, code ?? ABNORMAL, "", words, error), false);
  }

  #closed(code: number, reason: string): void {
    this.state = "closed";
    this.closeCode ??= code;
    this.closeReason = reason;
    if (this.#makeEnd === null) this.orderly = isOrderly(code);
    this.#stop(() => this.#closedBy(code, reason), false);
    this.#closers.settle();
    this.#parts.ended();
  }

  #closedBy(code: number, reason: string): Error {
    const { subject } = this;
    if (code !== ABNORMAL) {
      const words = `the peer closed it with ${codeInWords(code, reason)}`;
      return new WebSocketClosedError(subject, code, reason, words);
    }
    const broken = this.#parts.broken();
    const words = lossInWords(broken);
    return new WebSocketClosedError(subject, code, reason, words, broken ?? undefined);
  }

  /** Nothing more comes, and nothing more goes. */
  #stop(makeEnd: () => Error, drop: boolean): void {
    this.#heartbeat.stop();
    this.#makeEnd ??= makeEnd;
    this.inbox.end(drop);
    this.outbox.fail(() => this.end());
    this.pings.fail(() => this.end());
  }
}
