/*
 * AbortSignals from outside: a program's own, handed to many tasks.
 *
 * Strategy: one listener per signal, however many tasks obey it, and none once the last of them has ended. A listener
 * per task costs ten times as much, and Node warns of a leak at the eleventh.
 */

type OnAbort = (reason: unknown) => void;

/** Everybody who obeys one signal. */
class Obedience {
  readonly #signal: AbortSignal;
  readonly #all = new Set<OnAbort>();
  readonly #listener = (): void => {
    for (const onAbort of this.#all) onAbort(this.#signal.reason);
  };

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(onAbort: OnAbort): void {
    if (this.#all.size === 0)
      this.#signal.addEventListener("abort", this.#listener, { once: true });
    this.#all.add(onAbort);
  }

  remove(onAbort: OnAbort): void {
    if (!this.#all.delete(onAbort) || this.#all.size > 0) return;
    this.#signal.removeEventListener("abort", this.#listener);
  }
}

const obeyed = new WeakMap<AbortSignal, Obedience>();

/**
 * Calls `onAbort` when the signal is aborted, at once if it is already; returns what ends that.
 * @internal
 */
export function obey(signal: AbortSignal, onAbort: OnAbort): () => void {
  if (signal.aborted) {
    onAbort(signal.reason);
    return () => {};
  }
  const obedience = obeyed.get(signal) ?? new Obedience(signal);
  obeyed.set(signal, obedience);
  obedience.add(onAbort);
  return () => obedience.remove(onAbort);
}
