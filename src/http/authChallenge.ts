/*
 * Challenges: what `www-authenticate` and `authentication-info` say (RFC 9110, 11).
 *
 * Strategy: read by one pointer. One header may hold several challenges, and a comma divides both
 * challenges and their parameters: a word followed by `=` is a parameter, any other begins a
 * challenge. What makes no sense is skipped up to the next comma, as servers send the strangest
 * things; of a parameter that comes twice, the first counts.
 */

/** One way to authenticate that a server offers. @internal */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** Names in lower case; a lone token, as of NTLM, is under the empty name. */
  readonly params: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)("|$)/y;
const TOKEN68 = /[ \t]+([A-Za-z0-9._~+/-]+=*)[ \t]*(?=,|$)/y;
const SEPARATORS = /[ \t,]*/y;
const JUNK = /[^,]*/y;

/** All challenges of the headers, in order. @internal */
export function parseChallenges(headers: readonly string[]): Challenge[] {
  return headers.flatMap((header) => new Reader(header).challenges());
}

/** The parameters of `authentication-info`. @internal */
export function parseAuthParams(header: string): ReadonlyMap<string, string> {
  return new Reader(header).params();
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  challenges(): Challenge[] {
    const found: Challenge[] = [];
    let params: Map<string, string> | null = null;
    for (let name = this.#word(); name !== null; name = this.#word()) {
      if (this.#take(EQUALS) !== null) {
        add(params, name, this.#value());
        continue;
      }
      params = new Map();
      found.push({ scheme: name, params });
      const lone = this.#take(TOKEN68);
      if (lone?.[1] !== undefined) params.set("", lone[1]);
    }
    return found;
  }

  params(): Map<string, string> {
    const params = new Map<string, string>();
    for (let name = this.#word(); name !== null; name = this.#word())
      if (this.#take(EQUALS) !== null) add(params, name, this.#value());
    return params;
  }

  /** The next word, past separators and what is none; null at the end. */
  #word(): string | null {
    while (this.#at < this.#text.length) {
      this.#take(SEPARATORS);
      const word = this.#take(TOKEN);
      if (word !== null) return word[0].toLowerCase();
      this.#take(JUNK);
    }
    return null;
  }

  #value(): string {
    const quoted = this.#take(QUOTED);
    if (quoted?.[1] !== undefined) return quoted[1].replace(/\\([^])/g, "$1");
    return this.#take(TOKEN)?.[0] ?? "";
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }
}

function add(params: Map<string, string> | null, name: string, value: string): void {
  if (params !== null && !params.has(name)) params.set(name, value);
}

/** A text as a quoted string. @internal */
export function quotedString(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
