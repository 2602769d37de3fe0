/*
 * Modules that the workers of this thread's pools load before their next call: for upper floors that have something going on
 * in them too, such as tracing.
 *
 * Strategy: the list is never changed, but replaced, so that a worker's side of the pool sees by its identity whether the
 * worker was told. What such a module exports as `start` is called with its data, and gives what ends it.
 */

/** @internal */
export interface WorkerModule {
  readonly url: string;
  /** What its `start` is called with; it is cloned. */
  readonly data: unknown;
}

const NONE: readonly WorkerModule[] = [];

let modules = NONE;

/** @internal */
export function workerModules(): readonly WorkerModule[] {
  return modules;
}

/** Has workers load it, those that there are and those to come; gives what has them end it. @internal */
export function loadInWorkers(url: string, data: unknown): () => void {
  const one = { url, data };
  modules = [...modules, one];
  return () => {
    const others = modules.filter((each) => each !== one);
    modules = others.length === 0 ? NONE : others;
  };
}
