/*
 * `NO_PROXY`: the hosts that are reached without a proxy.
 *
 * There is no standard. Taken is what CPython's urllib, curl and Go agree on: names separated by
 * commas or blanks; a name covers itself and what is below it, with or without a dot or `*.` before
 * it; `*` covers all; addresses and networks (`10.0.0.0/8`) cover hosts that are written as
 * addresses; a port after it limits it to that port.
 * Limits: names are not looked up, so a network does not cover a host that only resolves into it.
 */
import { BlockList, isIP, isIPv6 } from "node:net";

interface Rule {
  readonly port: number | null;
  covers(host: string): boolean;
}

/** @internal */
export class NoProxy {
  readonly #rules: readonly Rule[];

  constructor(list: string) {
    this.#rules = list
      .split(/[\s,]+/)
      .filter((entry) => entry !== "")
      .map(ruleOf);
  }

  /** True when a host is to be reached directly; an IPv6 address has no brackets. */
  covers(host: string, port: number): boolean {
    const plain = host.toLowerCase().replace(/\.$/, "");
    return this.#rules.some(
      (rule) => (rule.port === null || rule.port === port) && rule.covers(plain),
    );
  }
}

function ruleOf(entry: string): Rule {
  const { host, port } = split(entry.toLowerCase());
  if (host === "*") return { port, covers: () => true };
  const network = networkOf(host);
  if (network !== null) {
    return { port, covers: (candidate) => inNetwork(network, candidate) };
  }
  const name = host.replace(/^\*?\.+/, "").replace(/\.$/, "");
  return { port, covers: (candidate) => candidate === name || candidate.endsWith(`.${name}`) };
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, `v6`. */
function split(entry: string): { host: string; port: number | null } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  const parts = bracketed ?? /^([^:]*)(?::(\d+))$/.exec(entry);
  if (parts === null) return { host: entry, port: null };
  return { host: parts[1] as string, port: parts[2] === undefined ? null : Number(parts[2]) };
}

function networkOf(host: string): BlockList | null {
  const [address = "", bits, ...more] = host.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return null;
  const family = version === 6 ? "ipv6" : "ipv4";
  const width = version === 6 ? 128 : 32;
  const prefix = bits === undefined ? width : Number(bits);
  const list = new BlockList();
  if (bits !== "" && Number.isInteger(prefix) && prefix >= 0 && prefix <= width)
    list.addSubnet(address, prefix, family);
  return list;
}

function inNetwork(network: BlockList, host: string): boolean {
  return isIP(host) !== 0 && network.check(host, isIPv6(host) ? "ipv6" : "ipv4");
}
