/*
 * A command that waits on the server, on a connection of its own, and that a cancel really ends.
 *
 * Strategy: a cancel sends CLIENT UNBLOCK over another connection, and then waits for both answers: the command's, which
 * may be that an element was popped a moment before, and is then delivered (completion beats cancellation), and that of
 * CLIENT UNBLOCK, which would otherwise hit whatever the connection is used for next. An unblock that finds nothing
 * blocked has come too early or too late; it is repeated until the command has ended.
 * Limits: when the server does not answer within the command timeout, the connection is given up, and the error says
 * that an element may be lost with it: nobody can know.
 */
import { cancelled } from "../core/cancellation.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import { checkpoint } from "../core/sleep.ts";
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import { Call, type Sendable } from "./call.ts";
import { isObserved, tellStarted } from "./diagnostics.ts";
import type { Connection } from "./connection.ts";
import type { Dedicated } from "./dedicatedPool.ts";
import { isCutShort, needsPreparing, patienceOf, prepare } from "./blockingCommands.ts";
import type { Station, Stations } from "./stations.ts";

/** How often an unblock that found nothing blocked is repeated at once, and how long it pauses after that. */
const AT_ONCE = 3;
const LONGEST_PAUSE = 100;

/** Runs blocking commands, each on a connection from a pool. @internal */
export class BlockingCalls {
  readonly #stations: Stations;
  /** How many commands wait on the server. */
  blocked = 0;

  constructor(stations: Stations) {
    this.#stations = stations;
  }

  async run(request: Sendable): Promise<unknown> {
    for (;;) {
      const { value, cut } = await this.#stations.at(request, (station) =>
        this.#once(request, station),
      );
      if (!cut) return value;
      // Ended by us, with nothing popped: the cancel is thrown here. If it was taken back meanwhile, go on waiting.
      await checkpoint();
    }
  }

  async #once(request: Sendable, station: Station): Promise<{ value: unknown; cut: boolean }> {
    const { title } = request.command;
    const { control, pool } = station;
    // What is not to be had now may not be there when a cancel needs it.
    if (!control.ready) await control.opened(title);
    const dedicated = pool.borrowNow() ?? (await pool.borrow(title));
    this.blocked++;
    try {
      if (needsPreparing(request)) await prepare(control, dedicated.connection);
      const blocked = new Blocked(request, dedicated, control);
      const value = await uninterruptible<unknown, Blocked>(
        startBlocked,
        blocked,
        request.command.label,
        hurryBlocked,
      );
      return { value, cut: blocked.cut && isCutShort(request, value) };
    } finally {
      this.blocked--;
      const closing = pool.giveBack(dedicated);
      if (closing !== null) await closing;
    }
  }
}

class Blocked extends Call {
  readonly #dedicated: Dedicated;
  readonly #control: Connection;
  #loop: Loop | null = null;
  #unblocking: Promise<void> | null = null;

  constructor({ command, encoding, args }: Sendable, dedicated: Dedicated, control: Connection) {
    const { connection } = dedicated;
    const limit = patienceOf(command, args) + connection.limits.commandTimeout;
    super(connection, command, encoding, args, limit);
    this.#dedicated = dedicated;
    this.#control = control;
    if (isObserved()) this.event = tellStarted(command.title, 1, connection.server);
  }

  /** Whether a cancel came while it waited. */
  get cut(): boolean {
    return this.#unblocking !== null;
  }

  start(wait: Wait<unknown>): void {
    this.#loop = wait.loop;
    this.#dedicated.connection.dispatch(this, wait, wait.loop);
  }

  /** A cancel has come. */
  hurry(): void {
    if (this.ended) return;
    this.#unblocking ??= this.#unblock(this.#loop ?? getRunningLoop());
  }

  async #unblock(loop: Loop): Promise<void> {
    const { connection, id } = this.#dedicated;
    const { commandTimeout } = connection.limits;
    const patience =
      commandTimeout === Infinity
        ? null
        : loop.schedule(loop.time() + commandTimeout, giveUp, connection);
    for (let round = 1; !this.ended; round++) {
      if (await this.#unblockOnce(id)) break;
      if (round > AT_ONCE) await pause(loop, Math.min(2 ** (round - AT_ONCE), LONGEST_PAUSE));
    }
    if (!this.ended) await new Promise<void>((resolve) => (this.#onEnd = resolve));
    patience?.cancel();
  }

  /** Whether the server says that it has ended the command. */
  async #unblockOnce(id: number): Promise<boolean> {
    try {
      return (await this.#control.request("client", ["UNBLOCK", String(id)])) === 1;
    } catch {
      // Whether that reached the server is not known: it must not end what the connection is used for next.
      this.#dedicated.reusable = false;
      return false;
    }
  }

  #onEnd: (() => void) | null = null;

  protected override cutBy(value: unknown): Error | null {
    return this.cut && isCutShort(this, value) ? cancelled("who waited was cancelled") : null;
  }

  protected override settle(error: Error | null, value: unknown): void {
    this.#onEnd?.();
    const unblocking = this.#unblocking;
    if (unblocking === null) return super.settle(error, value);
    // The answer of the unblock has to be there as well, or it would end the next command on this connection.
    void this.#settleAfter(unblocking, error, value);
  }

  async #settleAfter(
    unblocking: Promise<void>,
    error: Error | null,
    value: unknown,
  ): Promise<void> {
    await unblocking;
    super.settle(error, value);
  }
}

function startBlocked(wait: Wait<unknown>, blocked: Blocked): void {
  blocked.start(wait);
}

function hurryBlocked(blocked: Blocked): void {
  blocked.hurry();
}

function giveUp(connection: Connection): void {
  connection.giveUp(new Error("CLIENT UNBLOCK did not end the command in time"));
}

function pause(loop: Loop, ms: number): Promise<void> {
  return new Promise((resolve) => {
    loop.schedule<() => void>(loop.time() + ms, (done) => done(), resolve);
  });
}
