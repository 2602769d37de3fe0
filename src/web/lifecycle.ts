/*
 * Lifecycle: what is to be done when an application starts and stops.
 *
 * Order: cleanup contexts are entered in the order in which they were added, then the listeners before the start are
 * called, in order too; when it stops, listeners and contexts go the other way round (Sanic's and aiohttp's rules). One
 * after the other, each awaited. A failure at the start undoes what was begun, and is thrown; one while it stops is
 * reported, and the rest goes on: what was opened must be closed.
 */
import { expectFunction } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import { getRunningLoop } from "../core/scope.ts";
import type { AppContext } from "./appContext.ts";

/** Called when the application starts or stops; awaited. */
export type LifecycleListener<App = object> = (app: AppContext<App>) => unknown;

/**
 * Opens something when the application starts, yields once, and closes it when it has stopped (aiohttp's `cleanup_ctx`).
 */
export type CleanupContext<App = object> = (
  app: AppContext<App>,
) => AsyncGenerator<unknown, unknown, undefined>;

/** The four moments. */
export type LifecycleMoment =
  | "beforeServerStart"
  | "afterServerStart"
  | "beforeServerStop"
  | "afterServerStop";

/** @internal */
export class Lifecycle {
  readonly #listeners: Record<LifecycleMoment, LifecycleListener<never>[]> = {
    beforeServerStart: [],
    afterServerStart: [],
    beforeServerStop: [],
    afterServerStop: [],
  };
  readonly #contexts: CleanupContext<never>[] = [];

  /** Whether nothing is to be done. */
  get empty(): boolean {
    return (
      this.#contexts.length === 0 &&
      Object.values(this.#listeners).every((each) => each.length === 0)
    );
  }

  add(moment: LifecycleMoment, listener: LifecycleListener<never>): void {
    expectFunction("listener", listener);
    this.#listeners[moment].push(listener);
  }

  addContext(context: CleanupContext<never>): void {
    expectFunction("context", context);
    this.#contexts.push(context);
  }

  /** Takes over what a blueprint has. */
  addAll(other: Lifecycle): void {
    for (const moment of Object.keys(this.#listeners) as LifecycleMoment[])
      this.#listeners[moment].push(...other.#listeners[moment]);
    this.#contexts.push(...other.#contexts);
  }

  /** Enters the contexts; gives what leaves them again. */
  async enter(app: AppContext<never>): Promise<EnteredContexts> {
    const entered = new EnteredContexts();
    try {
      for (const context of this.#contexts) await entered.enter(context(app));
    } catch (error) {
      await entered.leave();
      throw error;
    }
    return entered;
  }

  /** Calls the listeners of a start. */
  async starting(
    moment: "beforeServerStart" | "afterServerStart",
    app: AppContext<never>,
  ): Promise<void> {
    for (const listener of this.#listeners[moment]) await listener(app);
  }

  /** Calls the listeners of a stop, the last first; reports what they throw. */
  async stopping(
    moment: "beforeServerStop" | "afterServerStop",
    app: AppContext<never>,
  ): Promise<void> {
    for (const listener of this.#listeners[moment].toReversed())
      await attempt(() => listener(app), `a listener ${wordsOf(moment)} failed`);
  }
}

/** Cleanup contexts that were entered. @internal */
export class EnteredContexts {
  readonly #open: AsyncGenerator<unknown, unknown, undefined>[] = [];

  async enter(context: AsyncGenerator<unknown, unknown, undefined>): Promise<void> {
    const { done } = await context.next();
    if (done === true)
      throw new InvalidStateError(
        "a cleanup context ended without a yield: yield once, where it is open",
      );
    this.#open.push(context);
  }

  /** Goes on behind the yield of each, the last first. */
  async leave(): Promise<void> {
    for (let context = this.#open.pop(); context !== undefined; context = this.#open.pop()) {
      const leaving = context;
      await attempt(async () => {
        const { done } = await leaving.next();
        if (done === true) return;
        await leaving.return(undefined);
        throw new InvalidStateError(
          "a cleanup context has yielded twice: yield once, where it is open",
        );
      }, "a cleanup context failed while it was left");
    }
  }
}

async function attempt(work: () => unknown, message: string): Promise<void> {
  try {
    await work();
  } catch (exception) {
    getRunningLoop().callExceptionHandler({ message, exception });
  }
}

function wordsOf(moment: LifecycleMoment): string {
  return moment === "beforeServerStop" ? "before the stop" : "after the stop";
}
