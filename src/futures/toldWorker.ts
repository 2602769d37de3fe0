/*
 * What a worker was told: it is told where a function is once, and then of it by a number; and which modules it is to load.
 */
import type { Link } from "./link.ts";
import type { Reference } from "./reference.ts";
import { type WorkerModule, workerModules } from "./workerModules.ts";

/** @internal */
export class ToldWorker {
  readonly #link: Link;
  /** By module and name. */
  readonly #byName = new Map<string, number>();
  /** The same, by what is at hand. */
  readonly #byReference = new WeakMap<Reference, number>();
  /** The one that was asked for last, which is asked for next as well, most of the time. */
  #reference: Reference | null = null;
  #number = 0;
  #modules: readonly WorkerModule[] | null = null;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Before calls are sent to it. */
  ofModules(): void {
    const modules = workerModules();
    if (modules === this.#modules) return;
    // A new worker has loaded none.
    if (modules.length > 0 || this.#modules !== null) this.#link.send({ modules }, []);
    this.#modules = modules;
  }

  numberOf(reference: Reference): number {
    if (reference === this.#reference) return this.#number;
    this.#number = this.#byReference.get(reference) ?? this.#give(reference);
    this.#reference = reference;
    return this.#number;
  }

  #give(reference: Reference): number {
    const { url, name } = reference;
    const key = `${url}#${name}`;
    const before = this.#byName.get(key);
    const number = before ?? this.#byName.size;
    this.#byReference.set(reference, number);
    if (before !== undefined) return before;
    this.#byName.set(key, number);
    this.#link.send({ define: number, reference: { url, name } }, []);
    return number;
  }
}
