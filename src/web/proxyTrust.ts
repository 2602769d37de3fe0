/*
 * ProxyTrust: which proxies in front of an application are believed, and what of what they say.
 *
 * Strategy: nobody, unless told. A header is believed only if a trusted proxy wrote it: so who, and which headers, since
 * a proxy passes those on that it doesn't know, as the client sent them.
 */
import { BlockList, isIP } from "node:net";
import { expectInteger, wrongType } from "../core/arguments.ts";

/**
 * Tells whether the one at that address is a proxy of yours. `hop` is 0 for who is at the other end of the connection,
 * 1 for who came to that, and so on. The address is empty on a unix socket; `unknown` or a hidden name (`_gate`) where
 * a proxy did not tell.
 */
export type TrustFunction = (address: string, hop: number) => boolean;

/**
 * Who is trusted: so many proxies in a row; addresses and networks (`10.0.0.0/8`, `loopback`, `private`, `unix`); or
 * what a function says.
 */
export type TrustedProxies = number | string | readonly string[] | TrustFunction;

/** A header whose name begins with `X-Forwarded-`. */
export type ForwardedPart = "for" | "proto" | "host" | "port";

/** Who is trusted, and in what. */
export interface ProxyOptions {
  readonly proxies: TrustedProxies;
  /**
   * What the proxies set, whatever the client sent: `forwarded` for the header of RFC 7239, or which of
   * `X-Forwarded-For`, `-Proto`, `-Host` and `-Port`. Default `["for", "proto"]`: many a proxy passes a client's
   * `X-Forwarded-Host` on.
   */
  readonly headers?: "forwarded" | readonly ForwardedPart[];
}

/** Whether proxies are trusted; false: none. */
export type TrustProxy = false | TrustedProxies | ProxyOptions;

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1"],
  // RFC 1918, RFC 6598 (between a provider and its customers), RFC 4193, and link-local.
  private: [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "fc00::/7",
    "169.254.0.0/16",
    "fe80::/10",
  ],
};

const PARTS: readonly string[] = ["for", "proto", "host", "port"] satisfies ForwardedPart[];

/** Which proxies are believed, and what of what they say. Made from the application's `trustProxy`. */
export class ProxyTrust {
  /** Whether they write `Forwarded`; else some of `X-Forwarded-…`. */
  readonly forwarded: boolean;
  readonly #parts: readonly string[];
  readonly #trusts: TrustFunction;

  private constructor(trusts: TrustFunction, headers: "forwarded" | readonly ForwardedPart[]) {
    this.forwarded = headers === "forwarded";
    this.#parts = headers === "forwarded" ? [] : headers;
    this.#trusts = trusts;
  }

  /**
   * Reads the option; null when nobody is trusted.
   * @throws TypeError when it is none of what it may be
   */
  static from(option: TrustProxy | undefined): ProxyTrust | null {
    if (option === undefined || option === false) return null;
    const options = isOptions(option) ? option : { proxies: option };
    const { proxies, headers = ["for", "proto"] } = options;
    if (headers !== "forwarded" && (!Array.isArray(headers) || !headers.every(isPart)))
      throw wrongType("trustProxy.headers", `"forwarded" or a list of ${PARTS.join()}`, headers);
    return new ProxyTrust(trustFunction(proxies), headers);
  }

  /** Whether the one at that address is a trusted proxy. */
  trusts(address: string, hop: number): boolean {
    return this.#trusts(address, hop);
  }

  /** Whether that `X-Forwarded-…` header is believed. */
  believes(part: ForwardedPart): boolean {
    return this.#parts.includes(part);
  }
}

function isOptions(option: TrustProxy): option is ProxyOptions {
  return typeof option === "object" && option !== null && "proxies" in option;
}

function isPart(part: unknown): boolean {
  return typeof part === "string" && PARTS.includes(part);
}

function trustFunction(proxies: TrustedProxies): TrustFunction {
  if (typeof proxies === "function") return proxies;
  if (typeof proxies === "number") {
    expectInteger("trustProxy", proxies, 1);
    return (_address, hop) => hop < proxies;
  }
  const names: unknown = typeof proxies === "string" ? proxies.split(",") : proxies;
  // `true` would believe whatever a client sends.
  if (!Array.isArray(names) || names.length === 0) throw wrongProxies(proxies);
  return listed(names.map((name) => String(name).trim()));
}

function listed(names: readonly string[]): TrustFunction {
  const list = new BlockList();
  for (const name of names.flatMap((each) => NAMED[each] ?? [each]))
    if (name !== "unix") addTo(list, name);
  const unix = names.includes("unix");
  return (address) => {
    if (address === "") return unix;
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
  };
}

function addTo(list: BlockList, name: string): void {
  const [, address = "", length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(name) ?? [];
  const family = isIP(address);
  const bits = family === 6 ? 128 : 32;
  const prefix = length === undefined ? bits : Number(length);
  if (family === 0 || prefix > bits) throw wrongProxies(name);
  list.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
}

function wrongProxies(value: unknown): TypeError {
  return wrongType(
    "trustProxy",
    "a number of proxies, addresses or networks such as 10.0.0.0/8, loopback, private, unix, or a function",
    value,
  );
}
