/*
 * Submissions: the calls whose outcome is not known yet, by their ids; several may wait for the same call.
 */
import type { Submission } from "./submission.ts";

/** @internal */
export class Submissions {
  /** In the order in which they were looked for last. */
  readonly #byId = new Map<string, Set<Submission>>();

  /** How many calls; those that several wait for count once. */
  get calls(): number {
    return this.#byId.size;
  }

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const sharers of this.#byId.values()) size += sharers.size;
    return size;
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** All that wait for that call. */
  of(id: string): Iterable<Submission> {
    return this.#byId.get(id) ?? [];
  }

  all(): Submission[] {
    return [...this.#byId.values()].flatMap((sharers) => [...sharers]);
  }

  add(submission: Submission): void {
    const { id } = submission;
    this.#byId.set(id, (this.#byId.get(id) ?? new Set()).add(submission));
  }

  remove(submission: Submission): void {
    const sharers = this.#byId.get(submission.id);
    sharers?.delete(submission);
    if (sharers?.size === 0) this.#byId.delete(submission.id);
  }

  /** The ids of those that were not looked for for longest; next time it is the others' turn. */
  takeTurns(most: number): string[] {
    const ids = [...this.#byId.keys()].slice(0, most);
    for (const id of ids) {
      const sharers = this.#byId.get(id) as Set<Submission>;
      this.#byId.delete(id);
      this.#byId.set(id, sharers);
    }
    return ids;
  }
}
