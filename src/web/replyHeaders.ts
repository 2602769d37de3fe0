/*
 * ReplyHeaders: the headers of an answer, as a list that is written to the wire as it is.
 *
 * Strategy: one flat array of names and values, which is what the transport takes. An answer has a handful of headers:
 * looking through them beats a map. Names keep the case that they were set with and are compared without it. A name or
 * value that could end the line is refused here, where the stack still names who set it (RFC 9110, sections 5.1 and 5.5).
 */
import { wrongType } from "../core/arguments.ts";

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// Tabs, visible characters, spaces and what is above ASCII in Latin-1.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What headers are made from: pairs, a record, a `Headers`. */
export type HeadersInput =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | number | readonly string[]>>;

/**
 * The headers of an answer, shaped as the WHATWG's `Headers`; iterates over `[name, value]`, in the order of setting.
 *
 * @example
 * ```ts
 * import { ReplyHeaders } from "ambit/web";
 *
 * const headers = new ReplyHeaders({ "Cache-Control": "no-store" });
 * headers.append("Vary", "Accept");
 * headers.get("cache-control"); // => "no-store"
 * [...headers].length; // => 2
 * ```
 */
export class ReplyHeaders implements Iterable<[string, string]> {
  /** Names and values in turn. @internal */
  readonly flat: string[] = [];

  constructor(from?: HeadersInput) {
    if (from !== undefined) this.addAll(from);
  }

  /** Whether there is none. */
  get empty(): boolean {
    return this.flat.length === 0;
  }

  /** The value; several of one name are joined by `, ` (RFC 9110, section 5.3); null without one. */
  get(name: string): string | null {
    const values = this.getAll(name);
    return values.length === 0 ? null : values.join(", ");
  }

  /** Each value of that name. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (let at = 0; at < this.flat.length; at += 2)
      if (this.flat[at]?.toLowerCase() === wanted) values.push(this.flat[at + 1] ?? "");
    return values;
  }

  /** Whether there is a header of that name. */
  has(name: string): boolean {
    const wanted = name.toLowerCase();
    for (let at = 0; at < this.flat.length; at += 2)
      if (this.flat[at]?.toLowerCase() === wanted) return true;
    return false;
  }

  /**
   * Sets the only value of that name.
   * @throws TypeError for a name or value that HTTP can't carry
   */
  set(name: string, value: string | number): void {
    if (this.flat.length > 0) this.delete(name);
    this.append(name, value);
  }

  /**
   * Adds a value to that name, as a line of its own.
   * @throws TypeError for a name or value that HTTP can't carry
   */
  append(name: string, value: string | number): void {
    const text = typeof value === "number" ? String(value) : value;
    if (typeof name !== "string" || !NAME.test(name))
      throw wrongType("name", "the name of a header", name);
    if (typeof text !== "string" || !VALUE.test(text))
      throw wrongType(
        "value",
        `a value that the header ${name} can carry: one line of Latin-1`,
        value,
      );
    this.flat.push(name, text);
  }

  /** Takes every header of that name away. */
  delete(name: string): void {
    const wanted = name.toLowerCase();
    for (let at = this.flat.length - 2; at >= 0; at -= 2)
      if (this.flat[at]?.toLowerCase() === wanted) this.flat.splice(at, 2);
  }

  /** Adds what a `Vary` must name, once. */
  vary(name: string): void {
    const known = (this.get("vary") ?? "").split(",").map((each) => each.trim().toLowerCase());
    if (!known.includes(name.toLowerCase()) && !known.includes("*")) this.append("vary", name);
  }

  /** Adds each of those. */
  addAll(from: HeadersInput): void {
    if (Symbol.iterator in from) {
      for (const [name, value] of from as Iterable<readonly [string, string]>)
        this.append(name, value);
      return;
    }
    for (const [name, value] of Object.entries(from)) {
      if (typeof value === "object") for (const each of value) this.append(name, each);
      else this.append(name, value);
    }
  }

  *[Symbol.iterator](): Generator<[string, string], void> {
    for (let at = 0; at < this.flat.length; at += 2)
      yield [this.flat[at] as string, this.flat[at + 1] as string];
  }
}
