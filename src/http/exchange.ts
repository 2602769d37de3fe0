/*
 * One request and its answer: what undici's dispatcher talks to.
 *
 * One object is the entrant of the limits, the head of the answer, the queue of its body, the clock
 * of its timeout and the handle that a cancel takes it back with. Its life is queued, head, body,
 * done; whatever happens, it comes to "done" once, and gives back its place, its timer and its
 * listener there.
 *
 * Waiting: at most one wait at a time (for a place, for the head, for the body), and the clean-up
 * of each is the same static function: a cancel ends the exchange. A wait on the network has no
 * target, so virtual time stands still for it; a queued request waits for others of its session, so
 * it has one.
 * Traps of undici 7: `abort` works only once a request has been sent; before that, its connection
 * goes, or the request is refused when its turn comes. The callbacks run in the context of whatever
 * opened the socket: nothing here reads the ambient scope in one.
 */
import type { Dispatcher } from "undici";
import type { TimerHandle } from "../core/clock.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { obey } from "../core/outsideSignal.ts";
import { OUTSIDE } from "../core/outside.ts";
import { getRunningLoop } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { BodyBuffer, HIGH_WATER } from "./bodyBuffer.ts";
import { type Connection, ENDED } from "./connection.ts";
import type { BodySource } from "./bodySource.ts";
import type { Connector, Sendable } from "./connector.ts";
import { ClientError, ClientTimeoutError } from "./errors.ts";
import { bodyFailure, headFailure, isStale } from "./failure.ts";
import type { HeaderList, HeaderRecord } from "./headers.ts";
import type { Entrant, Host, Place } from "./limits.ts";
import { Outgoing } from "./outgoing.ts";
import { Patience } from "./patience.ts";
import { UnsentError } from "./openingError.ts";
import type { ProxyTarget } from "./proxyTarget.ts";
import { ProxyError } from "./responseErrors.ts";
import { redact } from "./redaction.ts";
import { RequestBodyError } from "./requestBodyError.ts";
import { IDEMPOTENT } from "./idempotent.ts";
import type { ResponseHead } from "./responseHead.ts";
import type { Sending } from "./sending.ts";
import type { Timeouts } from "./timeouts.ts";
import type { TraceSink } from "./tracing.ts";
import type { Uploader } from "./upload.ts";

type Controller = Dispatcher.DispatchController;

/** What of an unwanted body may still come, in bytes and milliseconds, to save its connection. */
const DRAINED = 64 * 1024;
const DRAIN_TIME = 250;

/** How often a request is sent again at most, because of its connections. */
const MOST_RESENT = 5;

type Awaited = Exchange | undefined;

/** @internal */
export class Exchange implements Sendable, Entrant, ResponseHead, BodySource, Uploader {
  readonly method: string;
  readonly url: string;
  readonly origin: string;
  place: Place = "none";
  host: Host | null = null;
  status = 0;
  statusText = "";
  headers: HeaderRecord = {};
  rawHeaders: readonly Buffer[] | undefined = undefined;
  httpVersion: string | undefined = undefined;
  /** When its time is up, on the loop's clock: set before it is sent, or with `total` from then; 0 for neither. */
  deadline = 0;

  readonly #sending: Sending;
  readonly #connector: Connector;
  #phase: "queued" | "head" | "body" | "done" = "queued";
  #wait: Wait<unknown> | null = null;
  #connection: Connection | null = null;
  /** The body that it sends; null for none. */
  #outgoing: Outgoing | null = null;
  /** How often it was sent again because of its connection. */
  #resent = 0;
  #controller: Controller | null = null;
  #timer: TimerHandle | null = null;
  #patience: Patience | null = null;
  #disobey: (() => void) | null = null;

  readonly #body = new BodyBuffer();
  /** How the body is read; what ended it early is also here. */
  #use: "unread" | "whole" | "stream" | "released" | "cancelled" = "unread";
  #whole: Uint8Array | null = null;
  #complete = false;
  #paused = false;
  #failure: Error | null = null;

  constructor(connector: Connector, sending: Sending) {
    this.#connector = connector;
    this.#sending = sending;
    this.method = sending.method;
    this.url = sending.url;
    this.origin = sending.origin;
  }

  get timeouts(): Timeouts {
    return this.#sending.timeouts;
  }

  get trace(): TraceSink | null {
    return this.#sending.trace;
  }

  get proxy(): ProxyTarget | null {
    return this.#sending.proxy;
  }

  get attempt(): number {
    return this.#sending.attempt;
  }

  get requestHeaders(): HeaderList {
    return this.#sending.headers;
  }

  /** True when nothing more will come. */
  get done(): boolean {
    return this.#phase === "done";
  }

  /** What it waits for: the network, or perhaps the body that it is given to send. */
  get #awaited(): Awaited {
    return this.#sending.body === null ? undefined : this;
  }

  /** Time may go on while a body is made that takes its time; see outside.ts. @internal */
  [OUTSIDE](): boolean {
    return this.#phase !== "queued" && this.#outgoing?.producing !== true;
  }

  /** What diagnostics print for its waits; not the path, which may hold secrets. */
  get #label(): string {
    return `http.${this.method.toLowerCase()} ${this.origin}`;
  }

  /**
   * Gets a place, sends the request; settles when the head of the answer is there. What it throws,
   * or rejects with, is to go through {@link Exchange.abandon}.
   */
  perform(signal: AbortSignal | undefined): Promise<void> {
    this.#connector.add(this);
    if (signal !== undefined) this.#obey(signal);
    const { connect, socketRead } = this.timeouts;
    if (connect !== Infinity || socketRead !== Infinity) this.#beginPatience();
    return this.#connector.limits.tryEnter(this) ? this.send() : this.#queueAndSend();
  }

  async #queueAndSend(): Promise<void> {
    this.trace?.connectionQueuedStart(this.origin);
    await this.queue();
    this.trace?.connectionQueuedEnd(this.origin);
    await this.send();
  }

  #beginPatience(): void {
    this.#patience = new Patience(getRunningLoop(), this.timeouts, (kind) => {
      this.fail(new ClientTimeoutError(this, kind, this.timeouts[kind]));
    });
  }

  /** Cleans up after it failed with an error; gives the error to throw, once its body is closed. */
  async abandon(error: unknown): Promise<unknown> {
    // A wait that was refused, because a cancel is due, has cleaned up nothing.
    this.release();
    // Made in a callback of the socket's, it would tell of undici; now its stack tells who waited.
    if (error instanceof ClientError) Error.captureStackTrace(error);
    await this.#outgoing?.closed();
    return error;
  }

  /** Fails with the signal's reason when it is aborted, until it is done. */
  #obey(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#disobey = obey(signal, (reason) => this.fail((reason ?? new Error("aborted")) as Error));
  }

  /** Waits for its place under the limits. */
  queue(): Promise<void> {
    return suspend<void, Exchange>(joinQueue, this, `${this.#label} (queued)`);
  }

  /** @internal */
  join(wait: Wait<void>): void {
    this.#hold(wait);
    this.#connector.limits.join(wait);
  }

  /** Sends the request; settles when the head of the answer is there. */
  send(): Promise<void> {
    const start = (wait: Wait<void>): Cleanup<void, Awaited> => this.#start(wait);
    return suspend<void, Awaited>(start, this.#awaited, this.#label);
  }

  #start(wait: Wait<void>): Cleanup<void, Awaited> {
    if (this.#failure !== null) {
      // Its session was closed, or its signal aborted, when it had its place but did not run yet.
      wait.reject(this.#failure);
      return giveUp;
    }
    this.#phase = "head";
    this.#hold(wait);
    if (this.timeouts.total !== Infinity) this.#arm(this.timeouts.total);
    const { body } = this.#sending;
    if (body !== null) this.#outgoing = new Outgoing(body, this.#sending, this);
    this.#sendOver(this.#connector.take(this));
    return giveUp;
  }

  #sendOver(connection: Connection): void {
    this.#connection = connection;
    const { path, method, headers } = this.#sending;
    const outgoing = this.#outgoing;
    const body = outgoing === null ? null : (outgoing.content() as string);
    const sent = (outgoing === null ? headers : outgoing.framed()) as string[];
    connection.dispatch({ path, method, headers: sent, body }, this);
  }

  /** A chunk of its body was handed to the connection. @internal */
  bodySent(chunk: Uint8Array): void {
    this.trace?.requestChunkSent(chunk);
  }

  /** All of its body was: from now on the server is to say something. @internal */
  bodyEnded(): void {
    if (this.#phase === "head") this.#patience?.listen();
  }

  /** Its body failed. @internal */
  bodyFailed(words: string, sent: number, cause?: unknown): void {
    this.fail(new RequestBodyError(this, words, sent, cause));
  }

  #arm(total: number): void {
    const loop = getRunningLoop();
    if (this.deadline === 0) this.deadline = loop.time() + total;
    this.#timer = loop.schedule<Exchange>(this.deadline, expire, this);
  }

  /** The timeout has passed. @internal */
  expire(): void {
    this.fail(new ClientTimeoutError(this, "total", this.timeouts.total));
  }

  onRequestStart(controller: Controller): void {
    // Given up before its turn. Throwing keeps the connection, which `abort` would close.
    if (this.#phase === "done") throw ENDED;
    this.#controller = controller;
    if (this.#patience !== null || this.trace !== null) this.#begun();
    this.#outgoing?.begin(this.#connection);
  }

  /** Its head goes out now, and a body that is all there with it. */
  #begun(): void {
    const whole = this.#outgoing?.whole ?? null;
    this.#patience?.connected();
    if (this.#outgoing === null || whole !== null) this.#patience?.listen();
    this.trace?.requestHeadersSent();
    if (whole !== null) this.trace?.requestChunkSent(whole);
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: HeaderRecord,
    statusText = "",
  ): void {
    if (status < 200 || this.#phase === "done") return;
    // It is not the server who says that.
    if (status === 407 && this.#connection?.route.forwarded === true)
      return this.fail(new ProxyError(this, status, statusText));
    this.#phase = "body";
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.rawHeaders = (controller.rawHeaders ?? undefined) as Buffer[] | undefined;
    this.httpVersion = this.#connection?.httpVersion;
    this.#patience?.listen();
    this.#wake(undefined);
  }

  onResponseData(controller: Controller, chunk: Uint8Array): void {
    if (this.#phase === "done") return;
    this.#patience?.listen();
    this.trace?.responseChunkReceived(chunk);
    this.#body.push(chunk);
    if (this.#use === "released") return this.#drain();
    if (this.#use === "whole") return;
    if (this.#wait !== null) this.#wake(this.#body.take());
    else if (this.#body.size >= HIGH_WATER) this.#pause(controller);
  }

  onResponseEnd(): void {
    if (this.#phase === "done") return;
    this.#complete = true;
    this.#end();
    if (this.#use === "whole") this.#wake((this.#whole = this.#body.takeAll()));
    else this.#wake(null);
  }

  onResponseError(_: Controller | null, error: Error): void {
    if (this.#phase === "done") return;
    if (this.#phase === "head" && this.#maySendAgain(error)) this.#sendAgain(error);
    else if (this.#phase === "body") this.fail(bodyFailure(this, error, this.#body.received));
    else this.fail(headFailure(this, error, this.timeouts.socketConnect));
  }

  /**
   * Nothing of it has reached a server; or the server closed a connection that had been idle, and no
   * head came over it.
   */
  #maySendAgain(error: Error): boolean {
    if (this.#resent >= MOST_RESENT || !this.#hasContent()) return false;
    if (error instanceof UnsentError) return true;
    return this.#connection?.used === true && IDEMPOTENT.has(this.method) && isStale(error);
  }

  /** Whether its body is whole: not begun, or one that can be begun again. */
  #hasContent(): boolean {
    return this.#controller === null || (this.#outgoing?.replayable ?? true);
  }

  #sendAgain(error: Error): void {
    const controller = this.#controller;
    this.#resent++;
    this.#controller = null;
    if (controller !== null) this.#outgoing?.restart();
    this.#connector.abandon(this.#connection as Connection, this, controller);
    try {
      if (error instanceof UnsentError) this.#sendOver(this.#connector.takeOther(this, error));
      else this.#sendOver(this.#connector.connect(this));
    } catch (refusal) {
      // What makes a body anew for each sending may fail this time.
      this.bodyFailed("its body cannot be opened again", 0, refusal);
    }
  }

  /** The whole body, again and again. */
  readAll(): Promise<Uint8Array> {
    if (this.#complete && this.#use === "unread") {
      this.#use = "whole";
      this.#whole = this.#body.takeAll();
    }
    if (this.#whole !== null) return Promise.resolve(this.#whole);
    const refusal = this.#refusal("whole");
    if (refusal !== null) return Promise.reject(refusal);
    this.#use = "whole";
    return this.#arrival();
  }

  /** The next chunk of the body; null after the last. */
  read(): Promise<Uint8Array | null> {
    const refusal = this.#refusal("stream");
    if (refusal !== null) return Promise.reject(refusal);
    this.#use = "stream";
    const chunk = this.#body.take();
    if (chunk === null && !this.#complete) return this.#arrival();
    this.#resume();
    return Promise.resolve(chunk);
  }

  /** Why the body cannot be read this way, or null. */
  #refusal(use: "whole" | "stream"): Error | null {
    if (this.#use === "released") return this.#misuse("the response was released");
    if (this.#use === "cancelled") return this.#misuse("its request was cancelled");
    if (this.#wait !== null) return this.#misuse("somebody else is reading the body");
    if (this.#use !== "unread" && this.#use !== use)
      return this.#misuse("the body was read in another way");
    return this.#body.size > 0 && use === "stream" ? null : this.#failure;
  }

  #misuse(words: string): InvalidStateError {
    return new InvalidStateError(`read on ${this[INSPECT]()}: ${words}`);
  }

  /** What comes of the body next. */
  #arrival<T>(): Promise<T> {
    let begun = false;
    const start = (wait: Wait<T>): Cleanup<T, Awaited> => {
      begun = true;
      this.#hold(wait);
      this.#resume();
      return giveUp;
    };
    const arrival = suspend<T, Awaited>(start, this.#awaited, `${this.#label} body`);
    // A wait that is refused, because a cancel is due, has no clean-up.
    if (!begun) this.cancel();
    return arrival;
  }

  #pause(controller: Controller): void {
    this.#paused = true;
    this.#patience?.rest();
    controller.pause();
  }

  #resume(): void {
    if (!this.#paused || (this.#use === "stream" && this.#body.size > HIGH_WATER / 2)) return;
    this.#paused = false;
    this.#patience?.listen();
    this.#controller?.resume();
  }

  #hold<T>(wait: Wait<T>): void {
    wait.token = this;
    this.#wait = wait as unknown as Wait<unknown>;
  }

  #wake(value: unknown): void {
    const wait = this.#wait;
    this.#wait = null;
    wait?.resolve(value);
  }

  /** Ends it with an error, which whoever waits for it, or reads on, gets. */
  fail(error: Error): void {
    if (this.#phase === "done") return;
    const wait = this.#wait;
    this.#failure = error;
    this.#close();
    wait?.reject(error);
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

  /**
   * The caller wants no more of it, and will ask the same server again: a body that is small and on
   * its way may come, which saves the connection; any other is cut.
   */
  discard(): void {
    if (this.#phase !== "body" || this.#whole !== null || this.#isLong()) return this.release();
    this.#use = "released";
    this.#timer?.cancel();
    const loop = getRunningLoop();
    this.#timer = loop.schedule<Exchange>(loop.time() + DRAIN_TIME, giveUpDraining, this);
    this.#drain();
    this.#resume();
  }

  #isLong(): boolean {
    const length = this.headers["content-length"];
    return typeof length === "string" && Number(length) > DRAINED;
  }

  #drain(): void {
    this.#body.clear();
    if (this.#body.received > DRAINED) this.release();
  }

  /** Its response was collected, so nobody can read on, unless somebody is at it now. @internal */
  orphan(): void {
    if (this.#wait === null) this.release();
  }

  #drop(): void {
    this.#body.clear();
    if (this.#phase !== "done") this.#close();
  }

  /** Ends it early, on the network too. */
  #close(): void {
    const connection = this.#connection;
    const controller = this.#controller;
    this.#connection = null;
    this.#end();
    this.#wait = null;
    if (connection !== null) this.#connector.abandon(connection, this, controller);
  }

  /** Gives back everything it holds. */
  #end(): void {
    this.#phase = "done";
    this.#timer?.cancel();
    this.#patience?.stop();
    this.#outgoing?.end();
    this.#disobey?.();
    this.#connector.remove(this);
    if (this.#connection !== null) this.#connector.giveBack(this.#connection);
    this.#connection = this.#controller = null;
    this.#connector.limits.leave(this, this.#wait);
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.status === 0 ? this.#phase : String(this.status);
    return `<http ${this.method} ${redact(this.url)} ${state}>`;
  }
}

function joinQueue(wait: Wait<void>, exchange: Exchange): Cleanup<void, Exchange> {
  exchange.join(wait);
  return giveUp;
}

function giveUp<T>(wait: Wait<T>): void {
  (wait.token as Exchange).cancel();
}

function giveUpDraining(exchange: Exchange): void {
  exchange.release();
}

function expire(exchange: Exchange): void {
  exchange.expire();
}
