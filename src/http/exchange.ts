/*
 * One request and its answer: what undici's dispatcher talks to.
 *
 * One object is the entrant of the limits, the head of the answer, the clock of its timeout and the
 * handle that a cancel takes it back with. Its life is queued, head, body, done; whatever happens, it
 * comes to "done" once, and gives back its place, its timer and its listener there. What it sends is
 * its Outgoing's, what comes its Incoming's, and its way over a connection a Trip's.
 *
 * Waiting: at most one wait at a time, here for a place and for the head, in the Incoming for the
 * body; a cancel of any of them ends the exchange. A wait on the network has no target, so virtual
 * time stands still for it; a queued request waits for others of its session, so it has one.
 * The callbacks run in the context of whatever opened the socket: nothing here reads the ambient
 * scope in one.
 */
import type { Dispatcher } from "undici";
import type { TimerHandle } from "../core/clock.ts";
import { INSPECT } from "../core/inspection.ts";
import { obey } from "../core/outsideSignal.ts";
import { OUTSIDE } from "../core/outside.ts";
import { getRunningLoop } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { type Connection, ENDED } from "./connection.ts";
import type { Connector, Sendable } from "./connector.ts";
import {
  type ClientRequestEvent,
  type ClientRequestOutcome,
  requestStarted,
  tellEnded,
  tellStarted,
} from "./diagnostics.ts";
import { ClientError, ClientTimeoutError } from "./errors.ts";
import { bodyFailure, headFailure } from "./failure.ts";
import type { HeaderList, HeaderRecord } from "./headers.ts";
import { Incoming, type Receiver } from "./incoming.ts";
import type { Entrant, Host, Place } from "./limits.ts";
import { Outgoing } from "./outgoing.ts";
import { Patience } from "./patience.ts";
import { UnsentError } from "./openingError.ts";
import type { ProxyTarget } from "./proxyTarget.ts";
import { ProxyError } from "./responseErrors.ts";
import { redact } from "./redaction.ts";
import { RequestBodyError } from "./requestBodyError.ts";
import type { ResponseHead } from "./responseHead.ts";
import { type Sending, withHeaders } from "./sending.ts";
import type { Timeouts } from "./timeouts.ts";
import type { TraceSink } from "./tracing.ts";
import { Trip } from "./trip.ts";
import type { Uploader } from "./upload.ts";

type Controller = Dispatcher.DispatchController;

/** How often a request is sent again at most, because of its connections. */
const MOST_RESENT = 5;

type Awaited = Exchange | undefined;

/** @internal */
export class Exchange implements Sendable, Entrant, ResponseHead, Receiver, Uploader {
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
  /** The body of the answer. */
  readonly incoming: Incoming = new Incoming(this);

  #sending: Sending;
  readonly #connector: Connector;
  #phase: "queued" | "head" | "body" | "done" = "queued";
  /** For its place, or for the head. */
  #wait: Wait<void> | null = null;
  #trip: Trip | null = null;
  /** The body that it sends; null for none. */
  #outgoing: Outgoing | null = null;
  /** How often it was sent again because of its connection. */
  #resent = 0;
  #timer: TimerHandle | null = null;
  #patience: Patience | null = null;
  #disobey: (() => void) | null = null;
  #failure: Error | null = null;
  /** What diagnostics were told, if somebody listened when it began. */
  #told: ClientRequestEvent | null = null;

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
  get awaited(): Awaited {
    return this.#sending.body === null ? undefined : this;
  }

  /** Time may go on while a body is made that takes its time; see outside.ts. @internal */
  [OUTSIDE](): boolean {
    return this.#phase !== "queued" && this.#outgoing?.producing !== true;
  }

  /** What ended it early, unless it was given up. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** What diagnostics print for its waits; not the path, which may hold secrets. */
  get label(): string {
    return `http.${this.method.toLowerCase()} ${this.origin}`;
  }

  /**
   * Gets a place, sends the request; settles when the head of the answer is there. What it throws,
   * or rejects with, is to go through {@link Exchange.abandon}.
   */
  perform(signal: AbortSignal | undefined): Promise<void> {
    if (requestStarted.hasSubscribers) this.#tellStart();
    this.#connector.add(this);
    if (signal !== undefined) this.#obey(signal);
    const { connect, socketRead } = this.timeouts;
    if (connect !== Infinity || socketRead !== Infinity) this.#beginPatience();
    return this.#connector.limits.tryEnter(this) ? this.send() : this.#queueAndSend();
  }

  #tellStart(): void {
    this.#told = tellStarted(this);
    if (this.#told.added === null) return;
    const headers = this.#told.headersOver(this.#sending.headers);
    this.#sending = withHeaders(this.#sending, headers);
  }

  #tellEnd(told: ClientRequestEvent, ended: "queued" | "head" | "body"): void {
    const { status, httpVersion } = this;
    const error = this.#failure;
    let outcome: ClientRequestOutcome = "failed";
    if (error === null && this.#trip !== null && ended === "body") outcome = "finished";
    else if (error === null)
      outcome = ended !== "body" || this.incoming.cancelled ? "cancelled" : "released";
    tellEnded(told, { status, httpVersion, error, outcome });
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
    this.close();
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
    return suspend<void, Exchange>(joinQueue, this, `${this.label} (queued)`);
  }

  /** @internal */
  join(wait: Wait<void>): void {
    this.#hold(wait);
    this.#connector.limits.join(wait);
  }

  /** Sends the request; settles when the head of the answer is there. */
  send(): Promise<void> {
    const start = (wait: Wait<void>): Cleanup<void, Awaited> => this.#start(wait);
    return suspend<void, Awaited>(start, this.awaited, this.label);
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
    const trip = new Trip(connection, this.#sending);
    this.#trip = trip;
    trip.begin(this.#outgoing, this);
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
    this.#trip?.send(this.#outgoing, controller);
    if (this.#patience !== null || this.trace !== null) this.#begun();
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
    if (status === 407 && this.#trip?.forwarded === true)
      return this.fail(new ProxyError(this, status, statusText));
    this.#phase = "body";
    this.status = status;
    this.statusText = statusText;
    this.headers = headers;
    this.rawHeaders = (controller.rawHeaders ?? undefined) as Buffer[] | undefined;
    this.httpVersion = this.#trip?.httpVersion;
    this.#patience?.listen();
    const wait = this.#wait;
    this.#wait = null;
    wait?.resolve();
  }

  onResponseData(_: Controller, chunk: Uint8Array): void {
    if (this.#phase === "done") return;
    this.#patience?.listen();
    this.trace?.responseChunkReceived(chunk);
    this.incoming.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#phase === "done") return;
    this.#outgoing?.answered();
    this.#end();
    this.incoming.finish();
  }

  onResponseError(_: Controller | null, error: Error): void {
    if (this.#phase === "done") return;
    if (this.#phase === "head" && this.#maySendAgain(error)) this.#sendAgain(error);
    else if (this.#phase === "body") this.fail(bodyFailure(this, error, this.incoming.received));
    else this.fail(headFailure(this, error, this.timeouts.socketConnect));
  }

  #maySendAgain(error: Error): boolean {
    const trip = this.#trip;
    if (trip === null || this.#resent >= MOST_RESENT) return false;
    // Its body must be whole: not begun, or one that can be begun again.
    const whole = !trip.sent || (this.#outgoing?.replayable ?? true);
    return whole && trip.repeatable(error);
  }

  #sendAgain(error: Error): void {
    const trip = this.#trip as Trip;
    this.#resent++;
    this.#trip = null;
    if (trip.sent) this.#outgoing?.restart();
    trip.abandon(this.#connector, this);
    try {
      if (error instanceof UnsentError) this.#sendOver(this.#connector.takeOther(this, error));
      else this.#sendOver(this.#connector.connect(this));
    } catch (refusal) {
      // What makes a body anew for each sending may fail this time.
      this.bodyFailed("its body cannot be opened again", 0, refusal);
    }
  }

  /** Only a body whose length is known: undici keeps what frames any other past the callback; traces keep all. */
  lend(): boolean {
    if (this.trace !== null) return false;
    const { "content-length": length, "transfer-encoding": coding } = this.headers;
    return length !== undefined && coding === undefined && (this.#trip?.lend() ?? false);
  }

  /** Nothing is expected of the server while nobody reads. */
  pause(): void {
    this.#patience?.rest();
    this.#trip?.pause();
  }

  resume(): void {
    if (this.#phase === "done") return;
    this.#patience?.listen();
    this.#trip?.resume();
  }

  hurry(time: number): void {
    const loop = getRunningLoop();
    this.#timer?.cancel();
    this.#timer = loop.schedule<Incoming>(loop.time() + time, release, this.incoming);
  }

  #hold(wait: Wait<void>): void {
    wait.token = this;
    this.#wait = wait;
  }

  /** Ends it with an error, which whoever waits for it, or reads on, gets. */
  fail(error: Error): void {
    if (this.#phase === "done") return;
    const wait = this.#wait;
    this.#failure = error;
    this.close();
    wait?.reject(error);
    this.incoming.fail(error);
  }

  /** Ends it early, on the network too. */
  close(): void {
    if (this.#phase === "done") return;
    const trip = this.#trip;
    this.#trip = null;
    this.#end();
    trip?.abandon(this.#connector, this);
  }

  /** Gives back everything it holds. */
  #end(): void {
    const wait = this.#wait;
    if (this.#told !== null && this.#phase !== "done") this.#tellEnd(this.#told, this.#phase);
    this.#wait = null;
    this.#phase = "done";
    this.#timer?.cancel();
    this.#patience?.stop();
    this.#outgoing?.end();
    this.#disobey?.();
    this.#connector.remove(this);
    this.#trip?.end(this.#connector);
    this.#trip = null;
    this.#connector.limits.leave(this, wait);
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

function giveUp(wait: Wait<void>): void {
  (wait.token as Exchange).close();
}

function release(incoming: Incoming): void {
  incoming.release();
}

function expire(exchange: Exchange): void {
  exchange.expire();
}
