/*
 * The body of an answer while it comes: what has come of it, who reads it and how, and who waits for
 * more of it.
 *
 * Strategy: filled from the callbacks of the network, which never wait; emptied by one reader, which
 * waits at most once at a time. A reader that is slower than the server has it paused. What ends
 * early ends the whole exchange: a cancel of the wait, a release. What has come by then can be read on
 * after a failure of the network, not after these two.
 * Going on may bring the next chunk at once, in the same call: whoever waits for it stands before.
 * An error is thrown in place of what does not come: the exchange knows it, and tells it here once.
 */
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { BodyBuffer, HIGH_WATER } from "./bodyBuffer.ts";
import type { BodySink } from "./bodySink.ts";
import type { BodySource } from "./bodySource.ts";
import type { HeaderRecord } from "./headers.ts";

/** What of an unwanted body may still come, in bytes and milliseconds, to save its connection. */
const DRAINED = 64 * 1024;
const DRAIN_TIME = 250;

/** In place of a chunk: a sink wants no other before it has drained. */
const FULL: Uint8Array = new Uint8Array(0);

/** Whose body it is. @internal */
export interface Receiver {
  /** True when nothing more will come. */
  readonly done: boolean;
  /** What ended it early, unless it was given up. */
  readonly failure: Error | null;
  /** The head of the answer. */
  readonly headers: HeaderRecord;
  /** What a wait for it waits for, and what diagnostics call that. */
  readonly awaited: object | undefined;
  readonly label: string;
  /** Whether chunks may come from now on that are good for the time of `push` only. */
  lend(): boolean;
  /** Lets nothing come for a while. */
  pause(): void;
  resume(): void;
  /** Gives it this many milliseconds to its end, in place of those it had; then releases it. */
  hurry(time: number): void;
  /** Ends it early, if it is not done. */
  close(): void;
  [INSPECT](): string;
}

/** @internal */
export class Incoming implements BodySource {
  readonly #receiver: Receiver;
  readonly #buffer = new BodyBuffer();
  /** How it is read; what ended it early is also here. */
  #use: "unread" | "whole" | "stream" | "released" | "cancelled" = "unread";
  #whole: Uint8Array | null = null;
  #complete = false;
  #paused = false;
  #wait: Wait<unknown> | null = null;
  /** Takes what comes while somebody waits in `pour`. */
  #sink: BodySink | null = null;
  #lent = false;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** True when nothing more will come. */
  get done(): boolean {
    return this.#receiver.done;
  }

  /** Whether a cancel of who read it has ended it. */
  get cancelled(): boolean {
    return this.#use === "cancelled";
  }

  /** Bytes that ever came. */
  get received(): number {
    return this.#buffer.received;
  }

  /** The next chunk has come. */
  push(chunk: Uint8Array): void {
    if (this.#sink !== null && this.#wait !== null) return this.#hand(this.#sink, chunk);
    // Not by `slice`, which copies nothing of a Buffer.
    this.#buffer.push(this.#lent ? new Uint8Array(chunk) : chunk);
    if (this.#use === "released") return this.#drain();
    if (this.#use === "whole") return;
    if (this.#wait !== null) this.#wake(this.#buffer.take());
    else if (this.#buffer.size >= HIGH_WATER) this.#pause();
  }

  /** All of it has. */
  finish(): void {
    this.#complete = true;
    if (this.#use === "whole") this.#wake((this.#whole = this.#buffer.takeAll()));
    else this.#wake(null);
  }

  /** Nothing more will: whoever waits, or reads on, gets the error. */
  fail(error: Error): void {
    const wait = this.#wait;
    this.#wait = null;
    wait?.reject(error);
  }

  /** The whole body, again and again. */
  readAll(): Promise<Uint8Array> {
    if (this.#complete && this.#use === "unread") {
      this.#use = "whole";
      this.#whole = this.#buffer.takeAll();
    }
    if (this.#whole !== null) return Promise.resolve(this.#whole);
    const refusal = this.#refusal("whole");
    if (refusal !== null) return Promise.reject(refusal);
    this.#use = "whole";
    return this.#arrival();
  }

  /** The next chunk; null after the last. */
  read(): Promise<Uint8Array | null> {
    const refusal = this.#refusal("stream");
    if (refusal !== null) return Promise.reject(refusal);
    this.#use = "stream";
    const chunk = this.#buffer.take();
    if (chunk === null && !this.#complete) return this.#arrival();
    this.#resume();
    return Promise.resolve(chunk);
  }

  /**
   * Hands the chunks to a sink as they come, and settles after the last, or when it wants no more.
   * Rejects with what the sink throws, which ends the exchange.
   */
  async pour(sink: BodySink): Promise<void> {
    let chunk = await this.read();
    this.#lent = this.#receiver.lend();
    while (chunk !== null) {
      try {
        if ((chunk === FULL || sink.push(chunk)) && !(await sink.drain())) return;
      } catch (error) {
        this.release();
        throw error;
      }
      this.#sink = sink;
      chunk = await this.read();
      this.#sink = null;
    }
  }

  #hand(sink: BodySink, chunk: Uint8Array): void {
    // Undici's parser begins again with one of no bytes.
    if (chunk.length === 0) return;
    this.#buffer.received += chunk.length;
    try {
      if (!sink.push(chunk)) return;
    } catch (error) {
      const wait = this.#wait;
      this.#use = "released";
      this.#drop();
      wait?.reject(error);
      return;
    }
    this.#pause();
    this.#wake(FULL);
  }

  /** Why it cannot be read this way, or null. */
  #refusal(use: "whole" | "stream"): Error | null {
    if (this.#use === "released") return this.#misuse("the response was released");
    if (this.#use === "cancelled") return this.#misuse("its request was cancelled");
    if (this.#wait !== null) return this.#misuse("somebody else is reading the body");
    if (this.#use !== "unread" && this.#use !== use)
      return this.#misuse("the body was read in another way");
    return this.#buffer.size > 0 && use === "stream" ? null : this.#receiver.failure;
  }

  #misuse(words: string): InvalidStateError {
    return new InvalidStateError(`read on ${this.#receiver[INSPECT]()}: ${words}`);
  }

  /** What comes of it next. */
  #arrival<T>(): Promise<T> {
    const { awaited, label } = this.#receiver;
    let begun = false;
    const start = (wait: Wait<T>): Cleanup<T, object | undefined> => {
      begun = true;
      wait.token = this;
      this.#wait = wait as unknown as Wait<unknown>;
      this.#resume();
      return giveUp;
    };
    const arrival = suspend<T, object | undefined>(start, awaited, `${label} body`);
    // A wait that is refused, because a cancel is due, has no clean-up.
    if (!begun) this.cancel();
    return arrival;
  }

  #wake(value: unknown): void {
    const wait = this.#wait;
    this.#wait = null;
    wait?.resolve(value);
  }

  #pause(): void {
    this.#paused = true;
    this.#receiver.pause();
  }

  #resume(): void {
    if (!this.#paused || (this.#use === "stream" && this.#buffer.size > HIGH_WATER / 2)) return;
    this.#paused = false;
    this.#receiver.resume();
  }

  /** A cancel has ended the wait for it. @internal */
  cancel(): void {
    this.#use = "cancelled";
    this.#drop();
  }

  /** The caller wants no more of it. A body that was read as a whole stays. */
  release(): void {
    const wait = this.#wait;
    if (this.#whole === null && this.#use !== "cancelled") this.#use = "released";
    this.#drop();
    // Another task reads: nothing will come for it.
    wait?.reject(this.#misuse("the response was released"));
  }

  #drop(): void {
    this.#buffer.clear();
    this.#wait = null;
    this.#receiver.close();
  }

  /**
   * The caller wants no more of it, and will ask the same server again: a body that is small and on
   * its way may come, which saves the connection; any other is cut.
   */
  discard(): void {
    if (this.done || this.#whole !== null || this.#isLong()) return this.release();
    this.#use = "released";
    this.#receiver.hurry(DRAIN_TIME);
    this.#drain();
    this.#resume();
  }

  #isLong(): boolean {
    const length = this.#receiver.headers["content-length"];
    return typeof length === "string" && Number(length) > DRAINED;
  }

  #drain(): void {
    this.#buffer.clear();
    if (this.#buffer.received > DRAINED) this.release();
  }

  /** Its response was collected, so nobody can read on, unless somebody is at it now. */
  orphan(): void {
    if (this.#wait === null) this.release();
  }
}

function giveUp<T>(wait: Wait<T>): void {
  (wait.token as Incoming).cancel();
}
