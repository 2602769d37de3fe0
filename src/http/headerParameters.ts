/*
 * The parameters of a header's value: `; name=value; name="quoted value"`, as Content-Type,
 * Content-Disposition and Link have them.
 *
 * Strategy: lenient, as browsers are: whatever can be understood is, and nothing throws. A value
 * without quotes goes to the next separator, spaces and all; a quoted one that is not closed goes
 * to the end; what stands between a closing quote and the next separator is passed over.
 * Limits: what a name that comes twice means is for the caller to say.
 */

/** Names are in lower case. @internal */
export type HeaderParameter = readonly [name: string, value: string];

/** @internal */
export interface ScannedParameters {
  readonly parameters: readonly HeaderParameter[];
  /** Where the scan stopped: at the `,` of a list, or the end. */
  readonly end: number;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A word as HTTP's grammar has it (RFC 9110, 5.6.2). @internal */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * The parameters from `start` on. In the values of a header that is a list, a comma ends them.
 * @internal
 */
export function scanParameters(text: string, start: number, isList: boolean): ScannedParameters {
  const scanner = new Scanner(text, start, isList);
  return { parameters: scanner.parameters(), end: scanner.at };
}

/** @internal */
export function scannedObject(
  parameters: readonly HeaderParameter[],
): Readonly<Record<string, string>> {
  // Not an object with a prototype: `constructor` and `__proto__` are names like others.
  const object = Object.create(null) as Record<string, string>;
  // Of a name that comes twice the first counts (WHATWG MIME Sniffing, 4.4; RFC 8288, 3).
  for (const [name, value] of parameters) object[name] ??= value;
  return Object.freeze(object);
}

class Scanner {
  at: number;
  readonly #text: string;
  readonly #isList: boolean;

  constructor(text: string, start: number, isList: boolean) {
    this.#text = text;
    this.at = start;
    this.#isList = isList;
  }

  parameters(): HeaderParameter[] {
    const found: HeaderParameter[] = [];
    this.#passUntil("");
    while (this.#text[this.at] === ";") {
      this.at++;
      const name = this.#passUntil("=").trim().toLowerCase();
      let value = "";
      if (this.#text[this.at] === "=") {
        this.at++;
        value = this.#value();
      }
      if (isToken(name)) found.push([name, value]);
    }
    return found;
  }

  /** Goes on to a separator, or to the character given; gives what it passed. */
  #passUntil(mark: string): string {
    const start = this.at;
    while (this.at < this.#text.length && !this.#isSeparator() && this.#text[this.at] !== mark) {
      this.at++;
    }
    return this.#text.slice(start, this.at);
  }

  #isSeparator(): boolean {
    const here = this.#text[this.at];
    return here === ";" || (this.#isList && here === ",");
  }

  #value(): string {
    while (this.#text[this.at] === " " || this.#text[this.at] === "\t") this.at++;
    if (this.#text[this.at] !== '"') return this.#passUntil("").trimEnd();
    const value = this.#quoted();
    this.#passUntil("");
    return value;
  }

  #quoted(): string {
    let value = "";
    for (this.at++; this.at < this.#text.length; this.at++) {
      let here = this.#text[this.at] as string;
      if (here === '"') {
        this.at++;
        break;
      }
      if (here === "\\" && this.at + 1 < this.#text.length) here = this.#text[++this.at] as string;
      value += here;
    }
    return value;
  }
}
