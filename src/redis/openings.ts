/*
 * Those who wait until a connection is ready.
 */
import type { TimerHandle } from "../core/clock.ts";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { RedisConnectionError } from "./errors.ts";

/** Tells why there is no connection. @internal */
export interface Troubled {
  readonly trouble: Error | null;
  readonly limits: { readonly connectTimeout: number };
}

/** One who waits. */
class Opening {
  readonly openings: Openings;
  readonly title: string;
  readonly until: number;
  wait: Wait<void> | null = null;
  timer: TimerHandle | null = null;

  constructor(openings: Openings, title: string, until: number) {
    this.openings = openings;
    this.title = title;
    this.until = until;
  }

  [OUTSIDE](): boolean {
    return true;
  }

  [INSPECT](): string {
    return `<redis connection for ${this.title}>`;
  }
}

/** @internal */
export class Openings {
  readonly #waiting = new Set<Opening>();
  readonly #troubled: Troubled;

  constructor(troubled: Troubled) {
    this.#troubled = troubled;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Waits until there is a connection, or until a time of the loop's clock. */
  wait(title: string, until: number): Promise<void> {
    return suspend<void, Opening>(join, new Opening(this, title, until), "redis connection");
  }

  add(opening: Opening): void {
    this.#waiting.add(opening);
  }

  remove(opening: Opening): void {
    this.#waiting.delete(opening);
    opening.timer?.cancel();
  }

  tooLong(opening: Opening): void {
    this.remove(opening);
    const { trouble, limits } = this.#troubled;
    const words = `no connection within ${limits.connectTimeout} ms: it was not sent`;
    const error = new RedisConnectionError(opening.title, words, false, trouble ?? undefined);
    opening.wait?.reject(error);
  }

  succeed(): void {
    for (const opening of this.#waiting) {
      this.remove(opening);
      opening.wait?.resolve();
    }
  }

  fail(errorFor: (title: string) => Error): void {
    for (const opening of this.#waiting) {
      this.remove(opening);
      opening.wait?.reject(errorFor(opening.title));
    }
  }
}

function join(wait: Wait<void>, opening: Opening): Cleanup<void, Opening> {
  opening.wait = wait;
  opening.openings.add(opening);
  if (opening.until !== Infinity)
    opening.timer = wait.loop.schedule(opening.until, expire, opening);
  return leave;
}

function expire(opening: Opening): void {
  opening.openings.tooLong(opening);
}

function leave(_wait: Wait<void>, opening: Opening): void {
  opening.openings.remove(opening);
}
