/*
 * The text of a netrc file, taken apart.
 *
 * White space divides words, double quotes hold them together (with backslash, as curl and Python
 * have it). Where no value is expected, `#` begins a comment, and `macdef` a macro for ftp that goes
 * up to an empty line. Errors say file and line, never a word of it: any word may be a password.
 */

/** What a netrc file says of a host. */
export interface NetrcEntry {
  /** The user's name; empty when the file has none. */
  readonly login: string;
  /** The password; empty when the file has none. */
  readonly password: string;
  /** A second password, for ftp; empty when the file has none. */
  readonly account: string;
}

interface Found {
  /** Null for `default`. */
  readonly host: string | null;
  readonly entry: NetrcEntry;
}

const FIELDS = { login: "login", user: "login", password: "password", account: "account" } as const;

/** Its entries, in order. @internal */
export function netrcEntries(text: string, name: string): Found[] {
  const found: Found[] = [];
  const words = new Words(text, name);
  let entry: { -readonly [Field in keyof NetrcEntry]: string } | null = null;
  for (let word = words.keyword(); word !== null; word = words.keyword()) {
    if (word === "machine" || word === "default") {
      const host = word === "machine" ? words.value(word).toLowerCase() : null;
      entry = { login: "", password: "", account: "" };
      found.push({ host, entry });
    } else if (entry !== null && isField(word)) entry[FIELDS[word]] = words.value(word);
    else throw words.broken("expected `machine`, `default`, `login` or `password`");
  }
  return found;
}

function isField(text: string): text is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, text);
}

/** What is skipped before a keyword: white space, comments, macros. */
const BETWEEN = /(?:\s+|#[^\n]*|macdef(?=\s)(?:(?!\n[^\S\n]*\r?\n)[^])*)*/y;
const WORD = /\s*(?:"((?:[^"\\\n]|\\.)*)("?)|(\S+))/y;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

class Words {
  readonly #text: string;
  readonly #name: string;
  #at = 0;

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
  }

  /** The next word that is no value; null at the end. */
  keyword(): string | null {
    BETWEEN.lastIndex = this.#at;
    BETWEEN.test(this.#text);
    this.#at = BETWEEN.lastIndex;
    return this.#word();
  }

  value(keyword: string): string {
    const word = this.#word();
    if (word === null) throw this.broken(`nothing comes after \`${keyword}\``);
    return word;
  }

  #word(): string | null {
    WORD.lastIndex = this.#at;
    const match = WORD.exec(this.#text);
    if (match === null) return null;
    this.#at = WORD.lastIndex;
    const [, quoted, end, bare] = match;
    if (bare !== undefined) return bare;
    if (end === "") throw this.broken("a quote is not closed");
    return (quoted ?? "").replace(/\\(.)/g, (_, char: string) => ESCAPES[char] ?? char);
  }

  broken(words: string): SyntaxError {
    const line = this.#text.slice(0, this.#at).split("\n").length;
    return new SyntaxError(`${this.#name}, line ${line}: ${words}`);
  }
}
