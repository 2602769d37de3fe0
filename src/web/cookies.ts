/*
 * RequestCookies: the cookies that a request brought.
 *
 * Strategy: the header is taken apart when the first cookie is asked for, by RFC 6265bis: pairs between semicolons, no
 * escapes. Values are percent-decoded, since `setCookie` encodes them, and lose the quotes that some put around them; what
 * is no good encoding stays as it came. Of two with one name the first counts: browsers send the more specific path first.
 */
import { INSPECT } from "../core/inspection.ts";

/**
 * The cookies of a request; a read-only map of names to values. Nothing in it is to be believed that is not signed.
 *
 * @example
 * ```ts
 * import { RequestCookies } from "ambit/web";
 *
 * const cookies = new RequestCookies("theme=dark; name=Zo%C3%AB");
 * cookies.get("name"); // => "Zoë"
 * cookies.has("id"); // => false
 * [...cookies.keys()]; // => ["theme", "name"]
 * ```
 */
export class RequestCookies implements Iterable<[string, string]> {
  readonly #all: ReadonlyMap<string, string>;

  /** @param header the value of `Cookie`; null without one */
  constructor(header: string | null) {
    this.#all = header === null ? NONE : parsed(header);
  }

  get size(): number {
    return this.#all.size;
  }

  get(name: string): string | undefined {
    return this.#all.get(name);
  }

  has(name: string): boolean {
    return this.#all.has(name);
  }

  keys(): MapIterator<string> {
    return this.#all.keys();
  }

  values(): MapIterator<string> {
    return this.#all.values();
  }

  entries(): MapIterator<[string, string]> {
    return this.#all.entries();
  }

  forEach(callback: (value: string, name: string) => void): void {
    for (const [name, value] of this.#all) callback(value, name);
  }

  [Symbol.iterator](): MapIterator<[string, string]> {
    return this.#all[Symbol.iterator]();
  }

  /** Names alone: values may be secrets. @internal */
  [INSPECT](): string {
    return `RequestCookies { ${[...this.#all.keys()].join(", ")} }`;
  }
}

const NONE: ReadonlyMap<string, string> = new Map();

function parsed(header: string): Map<string, string> {
  const all = new Map<string, string>();
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim();
    if (name !== "" && !all.has(name)) all.set(name, valueOf(pair.slice(equals + 1).trim()));
  }
  return all;
}

function valueOf(text: string): string {
  const quoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  const bare = quoted ? text.slice(1, -1) : text;
  if (!bare.includes("%")) return bare;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
