/*
 * SpanForm: what the attributes of many spans have in common.
 *
 * Strategy: of what a server answers at one route, most attributes never differ, and the others have the same names. So
 * who makes such spans makes a form of that once, and each span has a list of values alone, in its places. A list of all
 * would have to be filled for each span, and compared with the last one by whoever writes it.
 */
import type { AttributeList, AttributeValue } from "./attributes.ts";
import type { SpanKind } from "./finishedSpan.ts";

/** One for each place of a form; a value that is undefined is none. @internal */
export type PlacedValues = (AttributeValue | undefined)[];

/** @internal */
export class SpanForm {
  readonly name: string;
  readonly kind: SpanKind;
  /** Names and values, by turns, that all its spans have. */
  readonly steady: AttributeList;
  /** The names of what they have each of their own. */
  readonly places: readonly string[];
  /** By name: its place, or, as a complement, where in the steady list its value stands. */
  readonly #index = new Map<string, number>();

  constructor(name: string, kind: SpanKind, steady: AttributeList, places: readonly string[]) {
    this.name = name;
    this.kind = kind;
    this.steady = steady;
    this.places = places;
    for (const [at, name] of places.entries()) this.#index.set(name, at);
    for (let at = 0; at < steady.length; at += 2) this.#index.set(steady[at] as string, ~(at + 1));
  }

  /** Whether its spans may have an attribute of that name. */
  has(name: string): boolean {
    return this.#index.has(name);
  }

  /** The place of a name; null when it has none. */
  placeOf(name: string): number | null {
    const at = this.#index.get(name);
    return at === undefined || at < 0 ? null : at;
  }

  /** Whether all its spans have the same value of that name. */
  isSteady(name: string): boolean {
    const at = this.#index.get(name);
    return at !== undefined && at < 0;
  }

  /** What a span with those values has of that name. */
  valueOf(name: string, values: PlacedValues): AttributeValue | undefined {
    const at = this.#index.get(name);
    if (at === undefined) return undefined;
    return at < 0 ? this.steady[~at] : values[at];
  }

  /** How many attributes it has room for. */
  get size(): number {
    return this.steady.length / 2 + this.places.length;
  }

  /** All attributes of a span with those values. */
  listOf(values: PlacedValues): AttributeList {
    return [...this.steady, ...this.places.flatMap((name, at) => [name, values[at]])];
  }
}
