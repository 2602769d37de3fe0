/*
 * The clock of a command that no cancel ends: when its time is over, its link is destroyed.
 */
import { getRunningLoop } from "../core/scope.ts";

/** What is destroyed. */
interface Destroyed {
  destroy(why: unknown): void;
}

/** @internal */
export class CutTimer {
  readonly #link: Destroyed;
  readonly #limit: number;
  readonly #label: string;
  readonly #timer: { cancel(): void };

  /** @param limit milliseconds */
  constructor(link: Destroyed, limit: number, label: string) {
    this.#link = link;
    this.#limit = limit;
    this.#label = label;
    const loop = getRunningLoop();
    this.#timer = loop.schedule<CutTimer>(loop.time() + Math.min(limit, 2 ** 40), cut, this);
  }

  cancel(): void {
    this.#timer.cancel();
  }

  /** Its time is over. */
  cut(): void {
    this.#link.destroy(`${this.#label} took more than ${this.#limit} ms`);
  }
}

function cut(timer: CutTimer): void {
  timer.cut();
}
