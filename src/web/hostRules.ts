/*
 * The authority of a request, `host[:port]`, as a Host header or a target has it: whether it is one.
 *
 * Rules: RFC 9110, sections 4.2.1 (no empty host), 4.2.4 (no user information) and 7.2; RFC 3986, section 3.2.2.
 * Strategy: one walk over the characters by a table; an IPv6 address is left to node:net.
 * Limits, stricter than the grammar, which lets a name hold nearly anything: `%` is refused, for a router and a URL
 * would read `%61` differently; so are ``!$&'()*+,;=``, of which no host's name is made but lists and injections; and so
 * is what the grammar keeps for addresses of the future, `[v1.x]`.
 */
import { isIPv6 } from "node:net";

const COLON = 0x3a;
const BRACKET = 0x5b;
const HIGHEST_PORT = 65_535;

/** Which characters a name may hold, by their code: the unreserved of RFC 3986. */
const NAME = new Uint8Array(128);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
  NAME[character.charCodeAt(0)] = 1;

/** The last that was one: most requests are for the same. */
let known = "";

/** Whether that is an authority that a request may be for. @internal */
export function isAuthority(text: string): boolean {
  if (text === known && text !== "") return true;
  if (!reads(text)) return false;
  known = text;
  return true;
}

function reads(text: string): boolean {
  if (text.charCodeAt(0) === BRACKET) return isAddress(text);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 128 && NAME[code] === 1) continue;
    return code === COLON && at > 0 && isPort(text, at + 1);
  }
  return text !== "";
}

/** `[::1]` or `[::1]:80`. */
function isAddress(text: string): boolean {
  const end = text.indexOf("]");
  const address = text.slice(1, end);
  // A zone belongs to the machine that the address was written on.
  if (end === -1 || address.includes("%") || !isIPv6(address)) return false;
  return end + 1 === text.length || (text[end + 1] === ":" && isPort(text, end + 2));
}

/** Digits to the end; none will do, too (RFC 3986, section 3.2.3). */
function isPort(text: string, from: number): boolean {
  let port = 0;
  for (let at = from; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
    if (port > HIGHEST_PORT) return false;
  }
  return true;
}
