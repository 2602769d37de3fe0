/*
 * A command under way on a link: what begins it, who waits for its end, and whether it is over.
 *
 * Strategy: it is the target of its own wait, so that the commands of a busy pool need few closures.
 */
import { moveOnAfter } from "../core/cancelScope.ts";
import { OUTSIDE } from "../core/outside.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import type { Done } from "./outcome.ts";

/** How long a kill may take to have an effect before it is sent again, in milliseconds. */
const FIRST_PAUSE = 20;
const LONGEST_PAUSE = 500;

/** The link, as its command knows it. @internal */
export interface CommandLink {
  /** Has it begun; throws when that is not possible. */
  begin(command: Command<never>): void;
  /** It is over. */
  ended(): void;
}

/** @internal */
export class Command<T> {
  begun = false;
  settled = false;
  /** What starts it; it ends with a call of `done`. */
  send: (done: Done<T>) => void;
  readonly #link: CommandLink;
  protected wait: Wait<T> | null = null;
  #ended: (() => void) | null = null;

  constructor(link: CommandLink, send: (done: Done<T>) => void) {
    this.#link = link;
    this.send = send;
  }

  /** Begins it for who waits. */
  start(wait: Wait<T>): void {
    this.begun = true;
    this.wait = wait;
    try {
      this.#link.begin(this as never);
    } catch (error) {
      this.done(error as Error);
    }
  }

  readonly done: Done<T> = (error, value) => {
    if (this.settled) return;
    this.settled = true;
    this.#link.ended();
    this.settle(error, value);
    // Whoever keeps it for longer, a driver or the old space of the collector, would keep the rows with it, and quick garbage
    // collections would move them all: with this a hundred rows cost mysql2's own time, without it half as much again.
    this.wait = null;
    this.send = nothing;
    this.#ended?.();
  };

  /** Tells who waits. */
  protected settle(error: Error | null, value: T | undefined): void {
    if (error === null) this.wait?.resolve(value as T);
    else this.wait?.reject(error);
  }

  /** Begins it, and waits for its end; after a failure, `link.afterFailure` comes next. */
  perform(label: string): Promise<T> {
    return suspend<T, Command<T>>(startCommand, this, label);
  }

  /** Settles when it is over, however. */
  ended(): Promise<void> {
    if (this.settled) return Promise.resolve();
    return suspend<void>(
      (wait) => {
        this.#ended = () => wait.resolve();
        return () => (this.#ended = null);
      },
      undefined,
      "end of a cancelled statement",
    );
  }

  /**
   * A kill that overtakes the statement finds nothing to stop, and the statement then begins: so it is sent again. Each
   * is answered before the next, and before this ends.
   */
  async killUntilEnded(kill: () => Promise<void>): Promise<void> {
    for (let pause = FIRST_PAUSE; !this.settled; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      await kill();
      await moveOnAfter(pause, () => this.ended());
    }
  }

  [OUTSIDE](): boolean {
    return true;
  }
}

/** Begins a command in a wait. @internal */
export function startCommand<T>(wait: Wait<T>, command: Command<T>): void {
  command.start(wait);
}

function nothing(): void {}
