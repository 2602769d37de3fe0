/*
 * Drawing at random, repeatable from a seed.
 */
import { seededRandom } from "../../src/testing/random.ts";

export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
    // The first numbers of neighbouring seeds are alike.
    for (let i = 0; i < 3; i++) this.#next();
  }

  /** An integer from 0 to `end - 1`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  /** An integer from `first` to `last`. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** One of them; the heavier, the likelier. */
  weighted<T>(choices: readonly T[], weight: (choice: T) => number): T {
    let total = 0;
    for (const choice of choices) total += weight(choice);
    let left = this.#next() * total;
    for (const choice of choices) {
      left -= weight(choice);
      if (left < 0) return choice;
    }
    return choices.at(-1) as T;
  }

  /** Some of them, in their order. */
  some<T>(choices: readonly T[], count: number): T[] {
    const left = [...choices];
    while (left.length > count) left.splice(this.below(left.length), 1);
    return left;
  }
}
