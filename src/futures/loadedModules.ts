/*
 * In a worker: the modules of `workerModules.ts` that are at work here.
 *
 * Strategy: each list that arrives replaces the one before: what was started is ended, and what is listed is started anew.
 * Limits: a module that fails is reported to the loop's exception handler; calls run without it.
 */
import { getRunningLoop } from "../core/scope.ts";
import type { WorkerModule } from "./workerModules.ts";

/** What such a module exports. */
interface Startable {
  start(data: unknown): () => void;
}

/** @internal */
export class LoadedModules {
  /** While modules are loaded; calls wait for it. */
  loading: Promise<void> | null = null;
  #stops: (() => void)[] = [];

  replace(modules: readonly WorkerModule[]): void {
    const loading = this.#replace(modules, this.loading).finally(() => {
      if (this.loading === loading) this.loading = null;
    });
    this.loading = loading;
  }

  async #replace(modules: readonly WorkerModule[], before: Promise<void> | null): Promise<void> {
    await before;
    for (const stop of this.#stops) stop();
    this.#stops = [];
    for (const { url, data } of modules) {
      try {
        const { start } = (await import(url)) as Startable;
        this.#stops.push(start(data));
      } catch (exception) {
        const message = `a worker could not load ${url}`;
        getRunningLoop().callExceptionHandler({ message, exception });
      }
    }
  }
}
