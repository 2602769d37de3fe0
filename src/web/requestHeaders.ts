/*
 * RequestHeaders: the headers of a request, as they were sent, shaped as the WHATWG's `Headers`.
 *
 * Strategy: looks through the list that the transport has; a request's handler reads one or two headers, and a map of
 * all would cost more than these looks.
 */

/** The headers of a request; read only. Names are compared without their case. */
export class RequestHeaders implements Iterable<[string, string]> {
  /** Names and values in turn, as they were sent. */
  readonly raw: readonly string[];

  constructor(raw: readonly string[]) {
    this.raw = raw;
  }

  /** The value; several of one name are joined by `, `, cookies by `; ` (RFC 9110, section 5.3); null without one. */
  get(name: string): string | null {
    const { raw } = this;
    let found: string | null = null;
    for (let at = 0; at < raw.length; at += 2) {
      if (!sameName(raw[at] as string, name)) continue;
      const value = raw[at + 1] as string;
      if (found === null) found = value;
      else found += (sameName(name, "cookie") ? "; " : ", ") + value;
    }
    return found;
  }

  /** Each value of that name, as it was sent. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let at = 0; at < this.raw.length; at += 2)
      if (sameName(this.raw[at] as string, name)) values.push(this.raw[at + 1] as string);
    return values;
  }

  /** Whether there is a header of that name. */
  has(name: string): boolean {
    for (let at = 0; at < this.raw.length; at += 2)
      if (sameName(this.raw[at] as string, name)) return true;
    return false;
  }

  /** All, with the names in lower case; each name once. */
  *[Symbol.iterator](): Generator<[string, string], void> {
    const seen = new Set<string>();
    for (let at = 0; at < this.raw.length; at += 2) {
      const name = (this.raw[at] as string).toLowerCase();
      if (seen.has(name)) continue;
      seen.add(name);
      yield [name, this.get(name) as string];
    }
  }
}

function sameName(one: string, other: string): boolean {
  return (
    one === other || (one.length === other.length && one.toLowerCase() === other.toLowerCase())
  );
}
