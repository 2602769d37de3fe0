/*
 * WHATWG Headers that can be logged: printing them shows no credentials and no cookies.
 */
import { inspect } from "node:util";
import { INSPECT } from "../core/inspection.ts";
import type { HeaderList, HeaderRecord } from "./headers.ts";

/** Headers whose whole value is a secret. */
const SECRET = new Set([
  "authorization",
  "cookie",
  "cookie2",
  "proxy-authorization",
  "set-cookie",
  "set-cookie2",
]);

type HeadersClass = new () => Headers;

let maskedClass: HeadersClass | null = null;

/** The class is made when it is needed: Node loads its own undici, 40 ms long, for the name `Headers`. */
function noHeaders(): Headers {
  maskedClass ??= makeClass();
  return new maskedClass();
}

function makeClass(): HeadersClass {
  return class MaskedHeaders extends Headers {
    [INSPECT](_depth: number, options: object): string {
      const shown = Object.fromEntries(
        Array.from(this, ([name, value]) => [name, SECRET.has(name) ? "***" : value]),
      );
      return `Headers ${inspect(shown, options)}`;
    }
  };
}

/** Of headers that came. @internal */
export function maskedRecord(record: HeaderRecord): Headers {
  const headers = noHeaders();
  for (const [name, value] of Object.entries(record)) {
    for (const each of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, each);
  }
  return headers;
}

/** Of headers that were sent. @internal */
export function maskedList(list: HeaderList): Headers {
  const headers = noHeaders();
  for (let i = 0; i < list.length; i += 2) headers.append(list[i] as string, list[i + 1] as string);
  return headers;
}
