/*
 * Pinned certificates: which one a server may show, whoever has signed it.
 */
import type { TLSSocket } from "node:tls";
import { outOfRange, wrongType } from "../core/arguments.ts";

/** SHA-256 of a certificate: 64 hex digits, with or without colons, or 32 bytes. */
export type FingerprintInput = string | Uint8Array;

/** Checks fingerprints from outside, into Node's spelling. @internal */
export function pinsOf(
  name: string,
  input: FingerprintInput | readonly FingerprintInput[],
): ReadonlySet<string> {
  const several = Array.isArray(input);
  const list = (several ? input : [input]) as readonly FingerprintInput[];
  if (list.length === 0) throw outOfRange(name, "at least one fingerprint", input);
  return new Set(list.map((each, index) => pinOf(several ? `${name}[${index}]` : name, each)));
}

const EXPECTED = "the SHA-256 of a certificate: 64 hex digits, or 32 bytes";

function pinOf(name: string, input: FingerprintInput): string {
  if (typeof input !== "string" && !(input instanceof Uint8Array))
    throw wrongType(name, EXPECTED, input);
  const hex =
    typeof input === "string" ? input.replaceAll(":", "") : Buffer.from(input).toString("hex");
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw outOfRange(name, EXPECTED, input);
  return (hex.toUpperCase().match(/../g) as string[]).join(":");
}

/** What the server showed, in Node's spelling; empty when it showed nothing. @internal */
export function fingerprintOf(socket: TLSSocket): string {
  return socket.getPeerX509Certificate()?.fingerprint256 ?? "";
}
