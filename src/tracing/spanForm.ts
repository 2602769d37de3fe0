/*
 * SpanForm: what the attributes of many spans have in common.
 *
 * Strategy: of what a server answers at one route, most attributes never differ, and the others have the same names. So
 * who makes such spans makes a form of that once, and each span has a list of values alone, in its places. A list of all
 * would have to be filled for each span, and compared with the last one by whoever writes it.
 */
import { type AttributeList, type AttributeValue, valueIn } from "./attributes.ts";
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

  constructor(name: string, kind: SpanKind, steady: AttributeList, places: readonly string[]) {
    this.name = name;
    this.kind = kind;
    this.steady = steady;
    this.places = places;
  }

  /** Whether its spans may have an attribute of that name. */
  has(name: string): boolean {
    return this.placeOf(name) !== null || this.isSteady(name);
  }

  /** The place of a name; null when it has none. They are few: to look at the first ones costs less than a Map. */
  placeOf(name: string): number | null {
    const { places } = this;
    for (let at = 0; at < places.length; at++) if (places[at] === name) return at;
    return null;
  }

  /** Whether all its spans have the same value of that name. */
  isSteady(name: string): boolean {
    return valueIn(this.steady, name) !== undefined;
  }

  /** What a span with those values has of that name. */
  valueOf(name: string, values: PlacedValues): AttributeValue | undefined {
    const place = this.placeOf(name);
    return place === null ? valueIn(this.steady, name) : values[place];
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
