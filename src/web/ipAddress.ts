/*
 * IP addresses as text: read from headers, brought into one form, cut to a network.
 *
 * Strategy: node:net says what an address is; only two things are done here: an IPv4 address that came in IPv6 clothes
 * (`::ffff:192.0.2.1`, as sockets that listen on both report it) is undressed, and the first half of an IPv6 address is
 * found, which is what one customer of a provider gets.
 */
import { isIP, isIPv4 } from "node:net";

/** An address with what may stand around it: `192.0.2.1:80`, `[2001:db8::1]:80`. */
const WRAPPED = /^(?:\[([0-9a-f:.%]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/i;

/**
 * The address in one form: lower case, no zone, IPv4 as IPv4; the text as it is when it's no address.
 * @internal
 */
export function plainAddress(text: string): string {
  if (isIPv4(text) || isIP(text) === 0) return text;
  const address = text.toLowerCase().split("%", 1)[0] as string;
  return address.includes("ffff:") ? (mappedAddress(address) ?? address) : address;
}

/** The address that a proxy wrote, with or without a port; null when it's none. @internal */
export function forwardedAddress(text: string): string | null {
  const match = WRAPPED.exec(text);
  const address = match === null ? text : ((match[1] ?? match[2]) as string);
  return isIP(address) === 0 ? null : plainAddress(address);
}

/** IPv6 to its first 64 bits, as `2001:db8:0:1::/64`; anything else as it is. @internal */
export function networkOf(ip: string): string {
  if (isIP(ip) !== 6) return ip;
  const groups = groupsOf(ip).slice(0, 4);
  return `${groups.map((group) => group.toString(16)).join(":")}::/64`;
}

function mappedAddress(address: string): string | null {
  const groups = groupsOf(address);
  if (groups.slice(0, 5).some((group) => group !== 0) || groups[5] !== 0xffff) return null;
  return groups.slice(6).flatMap(bytesOf).join(".");
}

function bytesOf(group: number): number[] {
  return [group >> 8, group & 255];
}

/** The eight numbers of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = (address.split("%", 1)[0] as string).split("::", 2);
  const first = numbersOf(head);
  if (tail === undefined) return first;
  const last = numbersOf(tail);
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

function numbersOf(part: string): number[] {
  return part === "" ? [] : part.split(":").flatMap(numberOf);
}

/** The last piece may be an IPv4 address, which is two. */
function numberOf(piece: string): number[] {
  if (!piece.includes(".")) return [Number.parseInt(piece, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = piece.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}
