/*
 * SpanShape: the attributes that spans of one name have in common, as bytes.
 *
 * Strategy: spans of one name have the same attributes, and most of these always the same value: the method, the route,
 * the host. What was the same so far is one piece of bytes, and is only compared; what differed once is written by
 * itself from then on, and so is what comes behind. When the names differ, as they do where an attribute is left out at
 * times, the shape is learned anew, but not for ever.
 */
import type { AttributeList, AttributeValue } from "./attributes.ts";
import { TextBytes } from "./textBytes.ts";

/** How one attribute is written. @internal */
export interface MemberFormat {
  /** What stands before the value, with a comma first. */
  keyOf(name: string): string;
  /** The value, and what stands behind it. */
  writeValue(bytes: TextBytes, value: AttributeValue): void;
}

/** Of a value that is not the same for all; and of one that is told elsewhere. */
const MOVING: unique symbol = Symbol("moving");
const LEFT_OUT: unique symbol = Symbol("left out");

type Steady = AttributeValue | undefined | typeof MOVING | typeof LEFT_OUT;

/** To learn a shape costs as much as to write some spans. */
const MOST_LEARNED = 16;

/** What is kept must not fill the memory, whatever somebody makes up. */
const MOST_KEYS = 1000;
const LONGEST = 256;

/** @internal */
export class MemberKeys {
  readonly format: MemberFormat;
  readonly #keys = new Map<string, Uint8Array>();

  constructor(format: MemberFormat) {
    this.format = format;
  }

  of(name: string): Uint8Array {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const made = Buffer.from(this.format.keyOf(name));
    if (this.#keys.size < MOST_KEYS && name.length <= LONGEST) this.#keys.set(name, made);
    return made;
  }

  /** Writes all of a list from one on, but for some. */
  write(bytes: TextBytes, list: AttributeList, from: number, leftOut: readonly string[]): void {
    for (let at = from; at < list.length; at += 2) {
      const value = list[at + 1];
      if (value === undefined || leftOut.includes(list[at] as string)) continue;
      bytes.piece(this.of(list[at] as string));
      this.format.writeValue(bytes, value);
    }
  }
}

/** @internal */
export class SpanShape {
  readonly #keys: MemberKeys;
  readonly #leftOut: readonly string[];
  readonly #head: Uint8Array;
  #names: readonly string[] = [];
  #values: Steady[] = [];
  /** The head, and the members that never differed. */
  #steady: Uint8Array;
  /** Where in the list the values stand that move, and their keys. */
  #movingAt: readonly number[] = [];
  #movingKeys: readonly Uint8Array[] = [];
  #learned = 0;

  /**
   * @param leftOut attributes that are told elsewhere
   * @param head what stands before the attributes
   */
  constructor(keys: MemberKeys, leftOut: readonly string[], head: Uint8Array) {
    this.#keys = keys;
    this.#leftOut = leftOut;
    this.#head = head;
    this.#steady = head;
  }

  /** Writes the head and the attributes, each with a comma before it. */
  write(bytes: TextBytes, list: AttributeList): void {
    if (!this.#fits(list)) {
      if (this.#learned >= MOST_LEARNED) return this.#writeAll(bytes, list);
      this.#learn(list);
    }
    bytes.piece(this.#steady);
    const { format } = this.#keys;
    for (let i = 0; i < this.#movingAt.length; i++) {
      const value = list[this.#movingAt[i] as number];
      if (value === undefined) continue;
      bytes.piece(this.#movingKeys[i] as Uint8Array);
      format.writeValue(bytes, value);
    }
    const known = 2 * this.#names.length;
    if (list.length > known) this.#keys.write(bytes, list, known, this.#leftOut);
  }

  #writeAll(bytes: TextBytes, list: AttributeList): void {
    bytes.piece(this.#head);
    this.#keys.write(bytes, list, 0, this.#leftOut);
  }

  /** Whether the names are the same; notes which values are not. */
  #fits(list: AttributeList): boolean {
    const names = this.#names;
    const values = this.#values;
    if (list.length < 2 * names.length || this.#learned === 0) return false;
    for (let i = 0; i < names.length; i++) if (list[2 * i] !== names[i]) return false;
    let moved = false;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === list[2 * i + 1] || value === MOVING || value === LEFT_OUT) continue;
      values[i] = MOVING;
      moved = true;
    }
    if (moved) this.#join();
    return true;
  }

  #learn(list: AttributeList): void {
    this.#learned++;
    this.#names = list.filter((_, at) => at % 2 === 0) as string[];
    this.#values = this.#names.map((name, i) => {
      if (this.#leftOut.includes(name)) return LEFT_OUT;
      const value = list[2 * i + 1];
      // An array may be changed by whoever has it; a long text is not likely to come again.
      return typeof value === "object" || String(value).length > LONGEST ? MOVING : value;
    });
    this.#join();
  }

  #join(): void {
    const bytes = new TextBytes(LONGEST);
    bytes.piece(this.#head);
    const movingAt: number[] = [];
    const movingKeys: Uint8Array[] = [];
    for (const [i, value] of this.#values.entries()) {
      const key = this.#keys.of(this.#names[i] as string);
      if (value === MOVING) {
        movingAt.push(2 * i + 1);
        movingKeys.push(key);
      } else if (value !== LEFT_OUT && value !== undefined) {
        bytes.piece(key);
        this.#keys.format.writeValue(bytes, value);
      }
    }
    this.#steady = bytes.take();
    this.#movingAt = movingAt;
    this.#movingKeys = movingKeys;
  }
}
