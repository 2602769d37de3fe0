/*
 * Where a connection leads: an origin, and the proxy on the way.
 *
 * Connections that lead to the same place have the same key; only those can stand in for each other.
 */
import type { ProxyTarget } from "./proxyTarget.ts";

/** @internal */
export class Route {
  readonly key: string;
  readonly origin: string;
  readonly proxy: ProxyTarget | null;
  /** An IPv6 address has no brackets. */
  readonly hostname: string;
  readonly port: number;
  /** `https:` or `wss:`. */
  readonly secure: boolean;

  constructor(origin: string, proxy: ProxyTarget | null) {
    const { protocol, hostname, port } = new URL(origin);
    this.key = routeKey(origin, proxy);
    this.origin = origin;
    this.proxy = proxy;
    this.secure = protocol === "https:" || protocol === "wss:";
    this.hostname = hostname.replace(/^\[|\]$/g, "");
    this.port = port === "" ? (this.secure ? 443 : 80) : Number(port);
  }

  /** `host:port`, an IPv6 address in brackets. */
  get authority(): string {
    const { hostname, port } = this;
    return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  }

  /** True when a proxy is told the whole URL of each request, and passes requests on itself. */
  get forwarded(): boolean {
    return this.proxy !== null && !this.secure && this.proxy.kind !== "socks5";
  }
}

/** @internal */
export function routeKey(origin: string, proxy: ProxyTarget | null): string {
  return proxy === null ? origin : `${origin} ${proxy.key}`;
}
