/*
 * Those who wait until nobody else runs, with the time for which that must have lasted.
 *
 * Strategy: trio's rule. Those with the shortest cushion are woken first, all of them at once; their waking is a
 * movement, so the others begin to count anew.
 */
import { INSPECT } from "../core/inspection.ts";
import type { Wait } from "../core/suspension.ts";

interface Idler {
  readonly wait: Wait<void>;
  readonly cushion: number;
}

/** @internal */
export class IdleLine {
  #idlers: Idler[] = [];

  /** The shortest cushion that somebody waits with; Infinity when nobody waits. */
  get shortest(): number {
    return Math.min(...this.#idlers.map(({ cushion }) => cushion));
  }

  join(wait: Wait<void>, cushion: number): void {
    this.#idlers.push({ wait, cushion });
  }

  leave(wait: Wait<void>): void {
    this.#idlers = this.#idlers.filter((idler) => idler.wait !== wait);
  }

  /** Wakes those with the shortest cushion, in the order in which they came. */
  wake(): void {
    const { shortest } = this;
    const woken = this.#idlers.filter(({ cushion }) => cushion === shortest);
    this.#idlers = this.#idlers.filter(({ cushion }) => cushion !== shortest);
    for (const { wait } of woken) wait.resolve();
  }

  /** @internal */
  [INSPECT](): string {
    return "all others";
  }
}
