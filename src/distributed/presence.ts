/*
 * Presence: which workers of a queue are there.
 *
 * Strategy: each shows itself now and then, in a set in which it stands with the time, on Redis's clock, until which that
 * counts. One that ends takes itself out; one that is killed, or cut off, is out when its time is over.
 */
import type { TimerHandle } from "../core/clock.ts";
import type { Loop } from "../core/loop.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { Connections } from "./connections.ts";
import type { Keys } from "./keys.ts";
import { lastWord } from "./sayings.ts";

/** Milliseconds for which a worker that has shown itself counts as being there. */
const LIFE = 6000;

/** How many workers are there. @internal */
export async function presentWorkers(
  { commands, clock }: Connections,
  keys: Keys,
): Promise<number> {
  await clock.known();
  return await commands.zcount(keys.workers, clock.now(), "+inf");
}

/** The worker, as far as it is needed here. @internal */
export interface PresentHost {
  readonly id: string;
  readonly keys: Keys;
  readonly connections: Connections;
  readonly onTrouble: (error: Error) => void;
}

/** A worker's own. @internal */
export class Presence {
  readonly #host: PresentHost;
  readonly #loop: Loop = getRunningLoop();
  #timer: TimerHandle | null = null;
  #over = false;

  constructor(host: PresentHost) {
    this.#host = host;
  }

  /** Shows that the worker is there, now and from now on; what is not answered does not hold up the next time. */
  show(): void {
    this.#timer?.cancel();
    if (this.#over) return;
    this.#timer = this.#loop.schedule(this.#loop.time() + LIFE / 3, () => this.show(), null);
    if (this.#host.connections.ready) void this.shown().catch(this.#host.onTrouble);
  }

  /** Settles when Redis knows. */
  async shown(): Promise<void> {
    const { id, keys, connections } = this.#host;
    const { commands, clock } = connections;
    await clock.known();
    const now = clock.now();
    await commands
      .pipeline()
      .zadd(keys.workers, now + LIFE, id)
      .zremrangebyscore(keys.workers, "-inf", `(${now}`)
      .pexpire(keys.workers, LIFE)
      .exec();
  }

  /** Takes the worker out. */
  async leave(): Promise<void> {
    this.#over = true;
    this.#timer?.cancel();
    const { id, keys, connections } = this.#host;
    if (!connections.ready) return;
    // What is not said, time says.
    await lastWord(connections.commands.zrem(keys.workers, id).catch(() => 0));
  }
}
