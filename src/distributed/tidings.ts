/*
 * Tidings: what becomes of calls that were submitted, as it is heard from workers, or else found in Redis.
 *
 * Strategy: workers tell over the submitter's channel. Now and then those calls are looked for of which nothing was heard
 * for longest. Whichever comes first counts, once.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import type { ThrownParcel } from "../futures/parcel.ts";
import { lookFor } from "./looking.ts";
import type { Told } from "./messages.ts";
import type { Sender } from "./outgoing.ts";
import { type Payload, unpack } from "./payload.ts";
import type { Submissions } from "./submissions.ts";

/** Calls that are looked for at a time. */
const LOOK = 500;

/** Who has submitted them. @internal */
export interface TidingsHost extends Sender {
  readonly loop: Loop;
}

/** @internal */
export class Tidings {
  readonly #host: TidingsHost;
  readonly #calls: Submissions;
  #timer: TimerHandle | null = null;

  constructor(host: TidingsHost, calls: Submissions) {
    this.#host = host;
    this.#calls = calls;
  }

  /** A worker has said that. */
  hear(message: string): void {
    for (const told of JSON.parse(message) as Told[]) this.#take(told);
  }

  #take({ id, what, payload }: Told): void {
    if (!this.#calls.has(id)) return;
    if ("key" in payload) void this.#fetch(id, what, payload);
    else this.#settle(id, what, unpack(payload, null));
  }

  async #fetch(id: string, what: Told["what"], payload: Payload & { key: string }): Promise<void> {
    const { connections } = this.#host;
    try {
      const bytes = await connections.commands.getBuffer(payload.key);
      // It was there when it was told of: if it is not any more, looking for the call says what is the matter.
      if (bytes !== null) this.#settle(id, what, unpack(payload, bytes));
    } catch (error) {
      connections.trouble = error as Error;
    }
  }

  #settle(id: string, what: Told["what"], value: unknown): void {
    for (const submission of this.#calls.of(id)) {
      if (what === "result") submission.succeed(value);
      else if (what === "failure") submission.endBy(value as ThrownParcel);
      else this.#host.loop.guard(() => submission.options.onProgress?.(value));
    }
  }

  /** Looks when `pollInterval` has passed, unless that is planned already. */
  lookSoon(): void {
    const { loop, settings } = this.#host;
    const look = (): void => void this.look();
    this.#timer ??= loop.schedule(loop.time() + settings.pollInterval, look, null);
  }

  /** There is nothing to look for any more. */
  idle(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** Looks for those of which nothing was heard for longest. */
  async look(): Promise<void> {
    this.idle();
    if (this.#calls.calls === 0) return;
    this.lookSoon();
    if (this.#host.connections.ready) await this.lookAt(this.#calls.takeTurns(LOOK));
  }

  async lookAt(ids: readonly string[]): Promise<void> {
    const { connections, keys } = this.#host;
    const calls = this.#calls;
    const asked = ids.filter((id) => calls.has(id));
    try {
      await lookFor(connections.commands, keys, asked, {
        settle: (id, what, value) => this.#settle(id, what, value),
        missing: (id, lost) => {
          for (const submission of calls.of(id)) {
            // Twice in a row: the first time it may have been removed with its outcome on the way.
            if (submission.handedOver && ++submission.missing > 1) submission.fail(lost());
          }
        },
        there: (id) => {
          for (const submission of calls.of(id)) submission.missing = 0;
        },
      });
    } catch (error) {
      connections.trouble = error as Error;
    }
  }
}
