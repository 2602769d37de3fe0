/*
 * RequestRun: one request, from its task's first step to the end of its answer.
 *
 * Strategy: the task is the request: handler, middlewares and the sending of the answer run in it, so that a client that
 * leaves, a deadline and a server that stops end all of it with one cancel. A handler that answers at once is answered
 * in the same step, without a promise. The task's end, however it came, is the end of the run: there the answer that is
 * still missing is sent, and whoever waits is told.
 * Its methods are `private`, not `#private`: one exists for each request, and those would brand it.
 * Limits: a handler that waits for a foreign promise is answered for at its deadline, but goes on until that settles.
 */
import { cancelled, asCancellation } from "../core/cancellation.ts";
import type { CancelledError } from "../core/errors.ts";
import type { TimerHandle } from "../core/clock.ts";
import { spawnUnder } from "../core/createTask.ts";
import type { Waiter } from "../core/join.ts";
import type { Scope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { toReply } from "./answer.ts";
import { type AnswerRecord, answerRecord } from "./answerRecord.ts";
import { requestEnded, type RequestEvent, requestStarted } from "./diagnostics.ts";
import type { Plan } from "./plan.ts";
import { errorReply } from "./errorPage.ts";
import { ClientDisconnected } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Answer } from "./handler.ts";
import { HttpError, PayloadTooLarge } from "./httpError.ts";
import { isThenable, ruleFor } from "./pipeline.ts";
import type { Reply } from "./reply.ts";
import type { ServerRequest } from "./request.ts";
import { sendReply } from "./sendReply.ts";

/** What a run needs of the application. @internal */
export interface RunHost {
  readonly debug: boolean;
  /** Whether somebody wants records. */
  readonly records: boolean;
  answered(record: AnswerRecord): void;
}

/** The connection of a run. @internal */
export interface RunPlace {
  readonly scope: Scope;
  /** Whose scope's context variables and runner it gets. */
  readonly creator: Scope;
  /** Told when a run begins and ends. */
  runBegan(run: RequestRun): void;
  runEnded(run: RequestRun): void;
}

/** @internal */
export class RequestRun implements Waiter {
  readonly passive = true;
  readonly request: ServerRequest;
  readonly #host: RunHost;
  readonly #place: RunPlace;
  readonly #plan: Plan;
  readonly #exchange: Exchange;
  readonly #began: number;
  #timer: TimerHandle | null = null;
  #bodyTimer: TimerHandle | null = null;
  /** What was sent, or is to be: its status may change until it is. */
  #reply: Reply | null = null;
  #outcome: AnswerRecord["outcome"] = "finished";
  #error: unknown = undefined;
  /** What diagnostics were told, if somebody listened when it began. */
  #told: RequestEvent | null = null;

  constructor(host: RunHost, place: RunPlace, request: ServerRequest, plan: Plan) {
    this.#host = host;
    this.#place = place;
    this.request = request;
    this.#plan = plan;
    this.#exchange = request.exchange;
    this.#began = place.scope.loop.time();
  }

  /** Starts the task. */
  start(): void {
    const { scope, creator } = this.#place;
    const { incoming } = this.#exchange;
    this.request.onDisconnect = this.#plan.onDisconnect;
    if (incoming !== null) {
      incoming.limit(this.#plan.bodyLimit);
      this.request.bodyLimit = this.#plan.bodyLimit;
    }
    this.#place.runBegan(this);
    const task = spawnUnder<unknown>(scope, () => this.handle(), this.#plan.task, creator);
    this.request.ownTask = task;
    task.addWaiter(this);
  }

  /** The client has left. */
  clientLeft(): void {
    // Who took the connection over knows whether it ended in order.
    if (this.#exchange.takenOver === true) return;
    this.#outcome = "disconnected";
    if (this.#plan.onDisconnect === "finish") return;
    this.task.cancelWith(
      cancelled("the client has left", {
        reason: new ClientDisconnected("the client has left before its request was answered"),
      }),
    );
  }

  /** The server can't wait any longer. */
  stop(error: CancelledError): void {
    this.task.cancelWith(error);
  }

  /** It does not stop: its client is told, and it goes on alone. */
  giveUp(): void {
    this.#timer?.cancel();
    this.#bodyTimer?.cancel();
    if (!this.#exchange.ended) this.unanswered();
  }

  private get task(): Task<unknown> {
    return this.request.task;
  }

  /** Once it is known that it takes more than a step: most requests need no timer. */
  private limitTime(): void {
    const { incoming } = this.#exchange;
    const { timeout, bodyTimeout } = this.#plan;
    const { loop } = this.#place.scope;
    if (timeout !== Infinity)
      this.#timer ??= loop.schedule(this.#began + timeout, RequestRun.#tooLong, this);
    if (incoming === null || incoming.whole === true || bodyTimeout === Infinity) return;
    if (this.#bodyTimer !== null) return;
    this.#bodyTimer = loop.schedule(this.#began + bodyTimeout, RequestRun.#bodyTooLong, this);
    incoming.onOver = () => this.#bodyTimer?.cancel();
  }

  private handle(): void | Promise<void> {
    if (requestStarted.hasSubscribers) this.tellStart();
    try {
      const { incoming } = this.#exchange;
      if (incoming !== null && (incoming.length ?? 0) > this.#plan.bodyLimit)
        throw new PayloadTooLarge(this.#plan.bodyLimit);
      const answer = this.#plan.pipeline(this.request);
      if (isThenable(answer)) return this.handleLater(answer);
      return this.send(toReply(answer));
    } catch (error) {
      return this.failed(error);
    }
  }

  private async handleLater(answer: PromiseLike<Answer>): Promise<void> {
    this.limitTime();
    try {
      const sending = this.send(toReply(await answer));
      if (sending !== undefined) await sending;
    } catch (error) {
      await this.failed(error);
    }
  }

  private send(reply: Reply): void | Promise<void> {
    if (!this.#exchange.ended) this.#reply = reply;
    const sending = sendReply(this.request, reply);
    return sending === undefined ? undefined : this.guard(sending);
  }

  /** What fails while it's sent is answered too, while nothing was. */
  private async guard(sending: Promise<void>): Promise<void> {
    this.limitTime();
    try {
      await sending;
    } catch (error) {
      await this.failed(error);
    }
  }

  /** Answers what was thrown. A cancel of the task goes on. */
  private async failed(error: unknown): Promise<void> {
    this.limitTime();
    const { cancels } = this.task.scope;
    const cancellation = asCancellation(error, cancels > 0);
    if (cancellation !== undefined && cancels > 0) throw cancellation;
    if (this.#exchange.ended || this.#exchange.headSent) return this.failedLate(error);
    this.#error = error;
    const reply = await this.replyTo(error);
    this.#reply = reply;
    await sendReply(this.request, reply);
  }

  private async replyTo(error: unknown): Promise<Reply> {
    const rule = ruleFor(this.#plan.rules, error);
    if (rule === undefined) return this.page(error);
    try {
      return toReply(await rule.handle(error as never, this.request as never));
    } catch (second) {
      if (this.task.cancelling() > 0 && asCancellation(second, true) !== undefined) throw second;
      return this.page(second);
    }
  }

  private page(error: unknown): Reply {
    if (!(error instanceof HttpError)) this.report(error, "unhandled error");
    return errorReply(error, this.request, { debug: this.#host.debug });
  }

  /** Nobody can be told any more but who runs the server. */
  private failedLate(error: unknown): void {
    this.#error ??= error;
    // What a write or a read threw only because the client has left.
    if (error instanceof ClientDisconnected) return void (this.#outcome = "disconnected");
    // A body that fails has broken its exchange off already, so `ended` says nothing.
    if (this.#outcome === "finished") this.#outcome = "aborted";
    if (!this.#exchange.ended) this.#exchange.abort();
    this.report(error, "error after the answer had begun");
  }

  private report(exception: unknown, what: string): void {
    const { method, path } = this.request;
    const message = `${what} in ${method} ${path}`;
    this.#place.scope.loop.callExceptionHandler({ message, exception, task: this.task });
  }

  static #tooLong(this: void, run: RequestRun): void {
    const { timeout, timeoutStatus } = run.#plan;
    run.cut(
      new HttpError(timeoutStatus, "the answer took too long"),
      `no answer within ${timeout} ms`,
    );
  }

  static #bodyTooLong(this: void, run: RequestRun): void {
    const { bodyTimeout } = run.#plan;
    run.cut(
      new HttpError(408, "the body did not come in time"),
      `no whole body within ${bodyTimeout} ms`,
    );
  }

  /** Answers in the place of the handler, and stops it. */
  private cut(error: HttpError, why: string): void {
    const exchange = this.#exchange;
    if (exchange.ended || (exchange.headSent && error.status !== 408)) return;
    this.#outcome = "timed out";
    this.#error = error;
    this.answerFor(error);
    this.task.cancelWith(cancelled(why, { reason: error }));
  }

  private answerFor(error: HttpError): void {
    if (this.#exchange.headSent) return this.#exchange.abort();
    const reply = errorReply(error, this.request, { debug: this.#host.debug });
    this.#reply = reply;
    // The connection can't go on: what the client sends next would wait behind this request's body.
    reply.headers.set("connection", "close");
    void sendReply(this.request, reply);
  }

  /** The task has ended. */
  settled(): void {
    this.#timer?.cancel();
    this.#bodyTimer?.cancel();
    const exchange = this.#exchange;
    if (!exchange.ended && !exchange.headSent) this.unanswered();
    else if (!exchange.ended) exchange.abort();
    exchange.finish();
    this.#place.runEnded(this);
    if (this.#host.records) this.#host.answered(this.record());
    if (this.#told !== null) this.tellEnd(this.#told);
  }

  private tellStart(): void {
    this.#told = { request: this.request, began: this.#began, record: null };
    requestStarted.publish(this.#told);
  }

  private tellEnd(told: RequestEvent): void {
    told.record = this.record();
    requestEnded.publish(told);
  }

  /** It was cancelled, and the client is there. */
  private unanswered(): void {
    this.#outcome = "aborted";
    this.answerFor(new HttpError(503, "the server is stopping"));
  }

  private record(): AnswerRecord {
    const milliseconds = this.#place.scope.loop.time() - this.#began;
    const status = this.#reply?.status ?? 0;
    const { bytesSent } = this.#exchange;
    const error = this.#error;
    return answerRecord(this.request, status, bytesSent, milliseconds, this.#outcome, error);
  }
}
