/*
 * Origin: who a request came from and what it asked for, as far as proxies are trusted.
 *
 * Strategy: what proxies say is a list to which each one appends. It is walked from its right end, and only as long as
 * whoever wrote the entry is trusted: the nearest proxy wrote the last one, and so on. What is left of the first address
 * that is not trusted may be invented. What is no address, scheme or host is as if it were not there.
 */
import type { AppContext } from "./appContext.ts";
import type { Exchange } from "./exchange.ts";
import { parseForwarded } from "./forwarded.ts";
import { forwardedAddress, plainAddress } from "./ipAddress.ts";
import type { ForwardedPart, ProxyTrust } from "./proxyTrust.ts";
import type { RequestHeaders } from "./requestHeaders.ts";

/** Who asks, and for what. @internal */
export interface Origin {
  readonly ip: string;
  readonly scheme: string;
  readonly host: string;
  /** Whether a trusted proxy is at the other end of the connection. */
  readonly viaProxy: boolean;
}

const HOST = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** @internal */
export function originOf(
  exchange: Exchange,
  headers: RequestHeaders,
  authority: string,
  app: Pick<AppContext<unknown>, "proxies">,
): Origin {
  const { peer } = exchange;
  const ip = plainAddress(peer.address);
  const scheme = peer.secure ? "https" : "http";
  const { proxies } = app;
  const viaProxy = proxies !== null && proxies.trusts(ip, 0);
  const direct = { ip, scheme, host: authority, viaProxy };
  if (!viaProxy) return direct;
  return proxies.forwarded
    ? byForwarded(direct, headers, proxies)
    : byXForwarded(direct, headers, proxies);
}

/** RFC 7239: an element holds all that its proxy says, so that each was written by who is trusted. */
function byForwarded(direct: Origin, headers: RequestHeaders, proxies: ProxyTrust): Origin {
  const elements = parseForwarded(headers.get("forwarded") ?? "");
  let { ip, scheme, host } = direct;
  for (let hop = 1; hop <= elements.length; hop++) {
    const element = elements[elements.length - hop];
    const who = element?.for ?? "unknown";
    const address = forwardedAddress(who);
    scheme = schemeOf(element?.proto) ?? scheme;
    host = hostOf(element?.host) ?? host;
    ip = address ?? ip;
    if (!proxies.trusts(address ?? who, hop)) break;
  }
  return { ...direct, ip, scheme, host };
}

function byXForwarded(direct: Origin, headers: RequestHeaders, proxies: ProxyTrust): Origin {
  const value = (part: ForwardedPart): string[] =>
    proxies.believes(part) ? listOf(headers.get(`x-forwarded-${part}`)) : [];
  const [ip, hops] = walk(direct.ip, value("for"), proxies);
  const scheme = schemeOf(atHop(value("proto"), hops)) ?? direct.scheme;
  const host = hostOf(atHop(value("host"), hops)) ?? direct.host;
  return { ...direct, ip, scheme, host: withPort(host, atHop(value("port"), hops), scheme) };
}

/** The nearest address that is not trusted, or else the farthest; and how many proxies have spoken. */
function walk(peer: string, list: readonly string[], proxies: ProxyTrust): [string, number] {
  let ip = peer;
  for (let hop = 1; hop <= list.length; hop++) {
    const who = list[list.length - hop] as string;
    const address = forwardedAddress(who);
    ip = address ?? ip;
    if (!proxies.trusts(address ?? who, hop)) return [ip, hop];
  }
  return [ip, list.length];
}

/**
 * What the outermost trusted proxy said: each may have appended its own, or there is one value that was passed on. With
 * one hop a value that a client sent stands left of it.
 */
function atHop(list: readonly string[], hops: number): string | undefined {
  return list[Math.max(0, list.length - Math.max(1, hops))];
}

function listOf(value: string | null): string[] {
  return value === null ? [] : value.split(",").map((each) => each.trim());
}

/** Some proxies name the scheme of a WebSocket. */
function schemeOf(proto: string | null | undefined): string | null {
  const lower = proto?.toLowerCase();
  if (lower === "https" || lower === "wss") return "https";
  return lower === "http" || lower === "ws" ? "http" : null;
}

function hostOf(host: string | null | undefined): string | null {
  return host != null && HOST.test(host) ? host : null;
}

function withPort(host: string, port: string | undefined, scheme: string): string {
  if (port === undefined || !/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) return host;
  const bare = host.replace(/:\d+$/, "");
  return Number(port) === (scheme === "https" ? 443 : 80) ? bare : `${bare}:${port}`;
}
