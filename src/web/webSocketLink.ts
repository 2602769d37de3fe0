/*
 * The working parts of an open WebSocket, and the one place where it ends.
 *
 * Events of the socket come in no task's context: they only settle waits. The end comes once, whoever brings it: the
 * client's close frame, ours, a lost connection, a breach of the protocol, a silent client, a server that stops. The
 * first of them is the one that is told. What was received before stays to be read, unless the end was the handler's.
 */
import type { Duplex } from "node:stream";
import type { Loop } from "../core/loop.ts";
import {
  ABNORMAL,
  breachCode,
  breachInWords,
  codeInWords,
  isOrderly,
  lossInWords,
} from "../webSockets/closeCodes.ts";
import { Closers } from "../webSockets/closers.ts";
import { Heartbeat, type Pulse, silenceInWords } from "../webSockets/heartbeat.ts";
import { Inbox } from "../webSockets/inbox.ts";
import { ownBytes } from "../webSockets/library.ts";
import type { MessageSource } from "../webSockets/messages.ts";
import { Outbox } from "../webSockets/outbox.ts";
import { Pings } from "../webSockets/pings.ts";
import { ConnectionClosed } from "./webSocketErrors.ts";
import type { HoldingWebSocket } from "./webSocketLibrary.ts";
import type { WebSocketSettings } from "./webSocketOptions.ts";
import { type Parted, Parting } from "./webSocketParting.ts";

/** Why a handler is to be cancelled: the client has closed and it does not see it, or is lost. @internal */
export type Ending = "closed" | "lost";

/** What a WebSocket is made of. @internal */
export interface LinkParts {
  readonly raw: HoldingWebSocket;
  readonly socket: Duplex;
  readonly loop: Loop;
  readonly settings: WebSocketSettings;
  /** What diagnostics print. */
  readonly label: string;
  /** Called once at most, before those who wait find out. */
  readonly onEnd: (ending: Ending) => void;
}

/** @internal */
export class WebSocketLink implements Pulse, Parted, MessageSource {
  readonly raw: HoldingWebSocket;
  readonly label: string;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly pings: Pings;
  state: "open" | "closing" | "closed" = "open";
  closeCode: number | null = null;
  closeReason = "";
  /** It ended in a way that ends a loop over the messages. */
  orderly = false;
  /** It ended without a closing handshake. */
  lostConnection = false;
  /** Bytes that came. */
  received = 0;
  readonly #parts: LinkParts;
  readonly #heartbeat: Heartbeat;
  readonly #parting: Parting;
  readonly #closers: Closers;
  #makeEnd: (() => ConnectionClosed) | null = null;
  /** How it ends once the client's close frame is answered. */
  #clientEnd: (() => ConnectionClosed) | null = null;
  #broken: Error | null = null;

  constructor(parts: LinkParts) {
    const { raw, socket, loop, settings, label } = parts;
    this.raw = raw;
    this.label = label;
    this.inbox = new Inbox(label, raw, loop, settings);
    this.outbox = new Outbox(raw, () => socket.destroyed, label, settings.highWaterMark);
    this.pings = new Pings(loop, (data) => raw.ping(data));
    this.#parts = parts;
    this.#heartbeat = new Heartbeat(loop, settings.heartbeat, settings.heartbeatTimeout, this);
    this.#closers = new Closers(label, () => raw.terminate());
    this.#parting = new Parting(loop, this.inbox, settings.closeTimeout, this);
    this.#listen(raw, socket);
    this.#heartbeat.start();
  }

  #listen(raw: HoldingWebSocket, socket: Duplex): void {
    socket.on("data", (chunk: Buffer) => void (this.received += chunk.length));
    socket.on("error", (error) => void (this.#broken ??= error));
    raw.on("message", (data, isBinary) => {
      this.inbox.put(isBinary ? ownBytes(data) : data.toString("utf8"), data.length);
    });
    raw.on("pong", (data) => {
      this.#heartbeat.answered();
      this.pings.answer(data);
    });
    raw.onCloseFrame = (code, reason) => this.#closeFrame(code, reason.toString("utf8"));
    raw.on("error", (error) => this.#break(error));
    raw.on("close", (code, reason) => this.#closed(code, reason.toString("utf8")));
  }

  get deaf(): boolean {
    return this.inbox.paused;
  }

  ping(): void {
    this.pings.beat();
  }

  /** Why nothing can be sent, or null. */
  get refusal(): ConnectionClosed | null {
    return this.#makeEnd === null ? null : this.#makeEnd();
  }

  /** How it ended, once it has: a new error each time, for its stack. */
  end(): ConnectionClosed {
    return (this.#makeEnd as () => ConnectionClosed)();
  }

  /** The handler closes it. */
  close(code: number, reason: string): void {
    if (this.state !== "open") return;
    this.#shut(code, reason, true);
  }

  /** The server closes it: what was received stays to be read. */
  leave(code: number, reason: string): void {
    if (this.state !== "open" || this.#clientEnd !== null) return;
    if (!this.inbox.asked && this.inbox.size === 0) this.#parts.onEnd("closed");
    this.#shut(code, reason, false);
  }

  /** The handler has ended: answers the client's close frame, or sends one. */
  finish(code: number, reason: string): void {
    this.#parting.stop();
    if (this.#clientEnd !== null && this.#makeEnd === null) this.#answerClose();
    else this.close(code, reason);
  }

  #shut(code: number, reason: string, drop: boolean): void {
    this.state = "closing";
    this.orderly = true;
    this.#parting.stop();
    this.raw.close(code, reason);
    const words = `it was closed here with ${codeInWords(code, reason)}`;
    this.#stop(() => closed(words, code, reason), drop);
  }

  /** Waits until the connection is down; a cancel cuts it. */
  closing(): Promise<void> {
    if (this.state === "closed") return Promise.resolve();
    return this.#closers.wait();
  }

  /** The client has been silent for too long. */
  lost(silentMs: number): void {
    this.#lose(silenceInWords(silentMs));
    this.raw.terminate();
  }

  #lose(words: string, cause?: Error): void {
    if (this.#makeEnd !== null) return;
    if (this.state === "open") this.state = "closing";
    this.lostConnection = true;
    this.#parts.onEnd("lost");
    this.#stop(() => closed(words, ABNORMAL, "", cause), false);
  }

  /** The client broke the protocol: nothing it says from now on is believed. */
  #break(error: NodeJS.ErrnoException): void {
    const code = breachCode(error);
    if (code === null) return void (this.#broken ??= error);
    if (this.#makeEnd !== null) return;
    this.state = "closing";
    this.closeCode = code;
    const words = breachInWords("client", error, code);
    this.#parting.begin();
    this.#stop(() => closed(words, code, "", error), false);
  }

  /** The client's close frame: answered when the handler has seen what came before it. */
  #closeFrame(code: number, reason: string): void {
    if (this.#makeEnd === null) return this.#closedByClient(code, reason);
    // The answer to ours: that was all.
    this.closeCode ??= code;
    this.closeReason ||= reason;
    this.raw.answerClose();
  }

  #closedByClient(code: number, reason: string): void {
    this.closeCode = code;
    this.closeReason = reason;
    this.orderly = isOrderly(code);
    const words = `the client closed it with ${codeInWords(code, reason)}`;
    this.#clientEnd = () => closed(words, code, reason);
    this.#heartbeat.stop();
    this.#parting.begin();
  }

  #answerClose(): void {
    this.state = "closing";
    this.raw.answerClose();
    this.#stop(this.#clientEnd as () => ConnectionClosed, false);
  }

  /** The handler knows of the client's close: so its frame is answered. */
  told(): void {
    if (this.#makeEnd === null && this.#clientEnd !== null) this.#answerClose();
  }

  /** The handler does not ask for what would tell it. */
  untold(): void {
    this.#parts.onEnd("closed");
    this.told();
  }

  /** The connection is down. */
  #closed(code: number, reason: string): void {
    if (this.#clientEnd !== null) {
      if (this.#makeEnd === null) this.#stop(this.#clientEnd, false);
    } else if (code === ABNORMAL) {
      this.#lose(lossInWords(this.#broken), this.#broken ?? undefined);
    }
    this.state = "closed";
    this.closeCode ??= code;
    this.closeReason ||= reason;
    this.#closers.settle();
  }

  /** Nothing more comes, and nothing more goes. */
  #stop(makeEnd: () => ConnectionClosed, drop: boolean): void {
    this.#heartbeat.stop();
    this.#makeEnd = makeEnd;
    this.inbox.end(drop);
    this.outbox.fail(makeEnd);
    this.pings.fail(makeEnd);
  }
}

function closed(words: string, code: number, reason: string, cause?: unknown): ConnectionClosed {
  return new ConnectionClosed(`the WebSocket is closed: ${words}`, code, reason, cause);
}
