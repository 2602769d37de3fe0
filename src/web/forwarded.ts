/*
 * The header Forwarded (RFC 7239): what each proxy on the way says of who came to it.
 *
 * Strategy: it is read from its end. The last element was written by the nearest proxy, and all before it by who came to
 * that: who begins on the left lets a client that sends half a quoted string swallow what honest proxies append.
 */

/** What one proxy says of the request that came to it. */
export interface ForwardedElement {
  /** Who sent it: an address, in brackets when it's IPv6, maybe with a port; `unknown`; or a hidden name, `_gate`. */
  readonly for: string | null;
  /** The side of the proxy that it came to. */
  readonly by: string | null;
  /** The Host header that it came with. */
  readonly host: string | null;
  /** `http` or `https`. */
  readonly proto: string | null;
  /** All parameters, names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
// RFC 7239, section 4: values with colons or brackets are quoted. Some proxies leave the quotes out.
const VALUE = `"(?:[^"\\\\]|\\\\.)*"|[!#$%&'*+\\-.^_\`|~0-9A-Za-z:\\[\\]]+`;
const PAIR = new RegExp(`^(${TOKEN})=(${VALUE})$`);

/**
 * The elements of a `Forwarded` header, the client's side first. What stands left of one that is malformed is left out:
 * nobody can tell who wrote it. Nothing in it is to be trusted but what a proxy of yours has written: for that, see
 * `trustProxy`.
 *
 * @example
 * ```ts
 * import { parseForwarded } from "ambit/web";
 *
 * const [first, second] = parseForwarded('for="[2001:db8::7]:4711";proto=https, for=_gate');
 * first?.for; // => "[2001:db8::7]:4711"
 * second?.for; // => "_gate"
 * ```
 */
export function parseForwarded(header: string): ForwardedElement[] {
  const elements: ForwardedElement[] = [];
  for (const text of fromTheRight(header, ",")) {
    if (text === "") continue;
    const element = elementOf(text);
    if (element === null) break;
    elements.push(element);
  }
  return elements.reverse();
}

function elementOf(text: string): ForwardedElement | null {
  const parameters = new Map<string, string>();
  for (const piece of fromTheRight(text, ";")) {
    if (piece === "") continue;
    const pair = PAIR.exec(piece);
    const name = pair?.[1]?.toLowerCase();
    // Section 4: each parameter once.
    if (pair === null || name === undefined || parameters.has(name)) return null;
    parameters.set(name, unquoted(pair[2] as string));
  }
  const get = (name: string): string | null => parameters.get(name) ?? null;
  return {
    for: get("for"),
    by: get("by"),
    host: get("host"),
    proto: get("proto"),
    parameters: new Map([...parameters].reverse()),
  };
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}

/** The pieces between separators that are in no quotes, last first, without the blanks around them. */
function* fromTheRight(text: string, separator: string): Generator<string, void> {
  let end = text.length;
  for (let at = end - 1; at >= 0; at--) {
    if (text[at] === '"') at = openingOf(text, at);
    else if (text[at] === separator) {
      yield text.slice(at + 1, end).trim();
      end = at;
    }
  }
  yield text.slice(0, end).trim();
}

/** Where the quoted string opens that closes at `closing`; the start of the text when it does not. */
function openingOf(text: string, closing: number): number {
  for (let at = closing - 1; at >= 0; at--) if (text[at] === '"' && !isEscaped(text, at)) return at;
  return 0;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}
