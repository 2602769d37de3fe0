/*
 * Async generators that were begun and are not closed yet.
 *
 * JavaScript runs no `finally` block of a generator that nobody goes on with. Strategy, asyncio's hooks on async
 * generators: the run that a generator was begun in closes it on its way out; when nobody holds it any more before, a
 * task of that run closes it. The record holds the generator, but its wrapper (which interrupts a pending step) weakly.
 * Limits: knows only generators that were given to `aclosing`; outside `run` there is no end to close them at.
 */
import { createTask } from "../core/createTask.ts";
import { onRunnerEnd } from "../core/run.ts";
import { ambient, ambientScope, rootScope, type Scope } from "../core/scope.ts";

/** @internal */
export class OpenGenerator {
  readonly #generator: AsyncGenerator<unknown, unknown, unknown>;
  readonly #wrapper: WeakRef<{ return(): PromiseLike<unknown> }>;
  readonly #runner: Scope = ambientScope().runner;
  readonly #takeBack: () => void;

  constructor(
    generator: AsyncGenerator<unknown, unknown, unknown>,
    wrapper: { return(): PromiseLike<unknown> },
  ) {
    this.#generator = generator;
    this.#wrapper = new WeakRef(wrapper);
    this.#takeBack = this.#runner === rootScope ? () => {} : onRunnerEnd(() => this.#close());
    forgotten.register(wrapper, this, this);
  }

  /** It has ended. */
  forget(): void {
    this.#takeBack();
    forgotten.unregister(this);
  }

  async #close(): Promise<void> {
    forgotten.unregister(this);
    await (this.#wrapper.deref()?.return() ?? this.#generator.return(undefined));
  }

  /** Nobody can go on with it. */
  collected(): void {
    this.#takeBack();
    if (this.#runner.ended) return;
    const body = () => this.#generator.return(undefined);
    ambient.run(this.#runner, () => createTask(body, { name: "closing a forgotten generator" }));
  }
}

const forgotten = new FinalizationRegistry<OpenGenerator>((open) => open.collected());
