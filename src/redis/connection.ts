/*
 * A connection of the driver's: commands go out, answers come back, and none waits for ever.
 *
 * Strategy: what the tasks of one turn send is written in one piece (a driver of its own would make a system call for
 * each command). When an answer is overdue (callsInFlight.ts), the connection is given up, and all that waits on it is
 * told so. A command is handed to the driver only when
 * the connection is ready; until then its caller waits here, and can be cancelled. Sent once, it is never sent again.
 * Limits: in a cluster the driver decides on connections, and repeats commands there after a redirection.
 */
import type { Redis as DriverRedis } from "ioredis";
import type { Loop } from "../core/loop.ts";
import { protect } from "../core/shield.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import { Call, type Flight, type Sendable, type Settler } from "./call.ts";
import { CallsInFlight } from "./callsInFlight.ts";
import { commandNamed, type KnownCommand, type ReplyEncoding } from "./commandNames.ts";
import { isObserved, type RedisServerAddress, tellStarted } from "./diagnostics.ts";
import { type Driver, endDriver } from "./driver.ts";
import { RedisClosedError, RedisConnectionError, RedisTimeoutError } from "./errors.ts";
import { Openings } from "./openings.ts";
import { Outgoing } from "./outgoing.ts";
import { errorOf, isRefusal } from "./replyErrors.ts";
import { WireCommand } from "./wireCommand.ts";

/** @internal */
export interface ConnectionLimits {
  readonly commandTimeout: number;
  readonly connectTimeout: number;
}

/** @internal */
export class Connection implements Flight {
  readonly driver: Driver;
  readonly server: RedisServerAddress;
  readonly limits: ConnectionLimits;
  /** Called each time when it is ready, before any command is sent. */
  onReady: (() => void) | null = null;
  /** Called when it broke, or ended. */
  onLost: (() => void) | null = null;
  /** How often it became ready, and how many commands were sent. */
  readied = 0;
  sent = 0;
  closed = false;
  /** What went wrong last, while there is no connection. */
  trouble: Error | null = null;
  readonly #keyPrefix: string | undefined;
  readonly #calls = new CallsInFlight((oldest) => this.#tooLong(oldest));
  readonly #openings: Openings = new Openings(this);
  readonly #outgoing: Outgoing | null;

  constructor(driver: Driver, limits: ConnectionLimits, server: RedisServerAddress) {
    this.driver = driver;
    this.limits = limits;
    this.server = server;
    this.#keyPrefix = driver.options.keyPrefix;
    this.#outgoing = driver.isCluster ? null : new Outgoing(driver as DriverRedis);
    driver.on("error", (error: Error) => this.#troubled(error));
    driver.on("ready", () => this.#readied());
    driver.on("close", () => this.#lostAll());
    driver.on("end", () => this.#ended());
  }

  get ready(): boolean {
    const { driver } = this;
    if (driver.status !== "ready" || this.closed) return false;
    // The driver hears of its end a moment after the socket does.
    return driver.isCluster || (driver as DriverRedis).stream.writable;
  }

  /** How many commands wait for their answers, and how many for the connection. */
  get inFlight(): number {
    return this.#calls.size;
  }

  get waiting(): number {
    return this.#openings.size;
  }

  /**
   * Sends a command, after waiting for the connection where there is none; settles with its answer. A cancel ends the
   * wait for the connection, not the wait for an answer: what was sent can't be called back.
   */
  send(command: KnownCommand, encoding: ReplyEncoding, args: unknown[]): Promise<unknown> {
    const call = new Call(this, command, encoding, args, this.limits.commandTimeout);
    if (isObserved()) call.event = tellStarted(command.title, 1, this.server);
    if (!this.ready) return this.#sendLater(call);
    return uninterruptible<unknown, Call>(startCall, call, command.label);
  }

  async #sendLater(call: Call): Promise<unknown> {
    try {
      await this.opened(call.command.title);
    } catch (error) {
      call.settler = NOBODY;
      call.end(error as Error, undefined);
      throw error;
    }
    return uninterruptible<unknown, Call>(startCall, call, call.command.label);
  }

  /** Sends a command that the program's own affairs need: outside any scope, and only when it is ready. */
  request(name: string, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { commandTimeout } = this.limits;
      const call = new Call(this, commandNamed(name), "utf8", args, commandTimeout);
      this.dispatch(call, { resolve, reject }, getRunningLoop());
    });
  }

  /** Waits until commands can be sent. Cancelling it takes nothing back but the wait. */
  async opened(title: string): Promise<void> {
    const until = getRunningLoop().time() + this.limits.connectTimeout;
    while (!this.ready) {
      if (this.closed) throw new RedisClosedError(title);
      const { status } = this.driver;
      if (status === "wait" || status === "end") this.driver.connect().catch(nothing);
      await this.#openings.wait(title, until);
    }
  }

  /** Hands a call to the driver; `now` is the time on the loop's clock. */
  dispatch(call: Call, settler: Settler, loop: Loop, now = loop.time()): void {
    call.settler = settler;
    const command = new WireCommand(call, this.#keyPrefix);
    command.call = call;
    if (this.driver.isCluster) command.bind();
    this.sent++;
    this.#calls.add(call, loop, now);
    this.driver.sendCommand(command as never, this.#outgoing as never);
    call.sent = true;
  }

  /** In which slot of a cluster the first key of a command lies; -1 when it has none. */
  slotOf(sendable: Sendable): number {
    return new WireCommand(sendable, this.#keyPrefix).getSlot() ?? -1;
  }

  /** Turns the server's answer to a command, in bytes, into what the command is said to answer. */
  translate(sendable: Sendable, answer: unknown): unknown {
    return new WireCommand(sendable, this.#keyPrefix).transformReply(answer);
  }

  landed(call: Call): void {
    this.#calls.remove(call);
  }

  lost(call: Call, error: Error): Error {
    const words = call.sent
      ? "the connection broke before the answer came: the server may have carried it out, or not"
      : "the connection broke before it was sent";
    return new RedisConnectionError(call.command.title, words, call.sent, this.trouble ?? error);
  }

  #tooLong(call: Call): void {
    const { limit, command } = call;
    const words = `no answer within ${limit} ms: the server may have carried it out, or not`;
    call.end(new RedisTimeoutError(command.title, words, limit), undefined);
    this.giveUp(new Error(`${command.title} was not answered within ${limit} ms`));
  }

  /** Ends the connection that there is, and all calls on it; a new one is sought, unless this one is closed. */
  giveUp(reason: Error): void {
    this.trouble = reason;
    if (this.driver.isCluster) return this.driver.disconnect(true);
    const { stream } = this.driver as DriverRedis;
    stream?.destroy();
    this.#lostAll();
  }

  #troubled(error: Error): void {
    this.trouble = error;
    if (isRefusal(error)) this.#openings.fail((title) => errorOf(title, error, false));
  }

  #readied(): void {
    this.readied++;
    this.trouble = null;
    this.onReady?.();
    this.#openings.succeed();
  }

  /** The connection broke. A cluster's driver knows best which of its calls that concerns. */
  #lostAll(): void {
    this.#outgoing?.drop();
    if (!this.driver.isCluster)
      this.#calls.fail((call) => this.lost(call, new Error("it was closed")));
    this.onLost?.();
  }

  #ended(): void {
    this.#lostAll();
    const { trouble } = this;
    this.#openings.fail((title) => {
      if (this.closed) return new RedisClosedError(title);
      return new RedisConnectionError(title, "there is no connection", false, trouble ?? undefined);
    });
  }

  /** Waits for the answers that are due, ends the connection, and waits until it is closed. */
  close(): Promise<void> {
    return protect(async () => {
      if (!this.closed) {
        this.closed = true;
        this.#openings.fail((title) => new RedisClosedError(title));
      }
      await this.#calls.drained();
      await this.destroy();
    });
  }

  /** Ends the connection at once. */
  destroy(): Promise<void> {
    this.closed = true;
    this.#calls.stop();
    return endDriver(this.driver);
  }
}

const NOBODY: Settler = { resolve: nothing, reject: nothing };

function nothing(): void {}

function startCall(wait: Wait<unknown>, call: Call): void {
  (call.flight as Connection).dispatch(call, wait, wait.loop);
}
