/*
 * Names to addresses: each name is looked up once for all who ask at the same time, and the answer
 * is kept for a while.
 *
 * Strategy: all addresses of a name are asked for, whoever asks; who wants one family picks. The
 * lookup itself is Node's (the operating system's: hosts file, mDNS, search domains), or the user's.
 * It cannot be taken back, so a request that is cancelled only stops to listen, and the answer still
 * serves others. Failures are not kept: the next request asks again.
 * Limits: the operating system tells no lifetime of an answer, so `ttl` is the same for all.
 */
import { lookup as lookupByNode, type LookupAddress } from "node:dns";
import { defaultLoop } from "../core/uvLoop.ts";
import type { TraceSink } from "./tracing.ts";

/** Looks a name up: a function in the shape of Node's `dns.lookup`; it is asked for all addresses. */
export type Lookup = (
  host: string,
  options: { readonly all: true; readonly family: 0 | 4 | 6 },
  callback: (
    error: Error | null,
    addresses: string | readonly LookupAddress[],
    family?: number,
  ) => void,
) => void;

/** How long answers are kept, and how many. @internal */
export interface DnsCacheLimits {
  readonly ttl: number;
  readonly max: number;
}

/** Gets the addresses, at least one, or an error. @internal */
export type AddressListener = (
  error: NodeJS.ErrnoException | null,
  addresses: readonly LookupAddress[],
) => void;

interface Answer {
  readonly addresses: readonly LookupAddress[];
  readonly expires: number;
}

/** @internal */
export class DnsCache {
  readonly #limits: DnsCacheLimits | null;
  readonly #lookup: Lookup;
  readonly #family: 0 | 4 | 6;
  /** Oldest first. */
  readonly #answers = new Map<string, Answer>();
  readonly #asking = new Map<string, Set<AddressListener>>();

  /** Without limits nothing is kept or shared. */
  constructor(limits: DnsCacheLimits | null, lookup: Lookup | null, family: 0 | 4 | 6) {
    this.#limits = limits;
    this.#lookup = lookup ?? lookupByNode;
    this.#family = family;
  }

  /** How many answers are kept, also those that are too old by now. */
  get size(): number {
    return this.#answers.size;
  }

  /**
   * Tells the listener the addresses of a host, at once where they are known; the function that is
   * returned makes it deaf.
   */
  resolve(host: string, trace: TraceSink | null, listener: AddressListener): () => void {
    if (this.#limits === null) return this.#askAlone(host, trace, listener);
    const answer = this.#known(host);
    if (answer !== null) {
      trace?.dnsCacheHit(host);
      listener(null, answer.addresses);
      return () => undefined;
    }
    return this.#askTogether(host, trace, listener, this.#limits);
  }

  clear(): void {
    this.#answers.clear();
  }

  #known(host: string): Answer | null {
    const answer = this.#answers.get(host);
    if (answer === undefined) return null;
    if (answer.expires > defaultLoop.time()) return answer;
    this.#answers.delete(host);
    return null;
  }

  #askAlone(host: string, trace: TraceSink | null, listener: AddressListener): () => void {
    let heard = true;
    trace?.dnsResolveHostStart(host);
    this.#ask(host, (error, addresses) => {
      if (!heard) return;
      if (error === null) trace?.dnsResolveHostEnd(host);
      listener(error, addresses);
    });
    return () => (heard = false);
  }

  #askTogether(
    host: string,
    trace: TraceSink | null,
    listener: AddressListener,
    limits: DnsCacheLimits,
  ): () => void {
    const others = this.#asking.get(host);
    if (others !== undefined) {
      // Somebody else asks already: that is as good as a cache (and what aiohttp calls a hit).
      trace?.dnsCacheHit(host);
      others.add(listener);
      return () => void others.delete(listener);
    }
    trace?.dnsCacheMiss(host);
    trace?.dnsResolveHostStart(host);
    const traced: AddressListener = (error, addresses) => {
      if (error === null) trace?.dnsResolveHostEnd(host);
      listener(error, addresses);
    };
    const listeners = new Set([traced]);
    this.#asking.set(host, listeners);
    this.#ask(host, (error, addresses) => {
      this.#asking.delete(host);
      if (error === null) this.#keep(host, addresses, limits);
      for (const hears of listeners) hears(error, addresses);
    });
    return () => void listeners.delete(traced);
  }

  #keep(host: string, addresses: readonly LookupAddress[], { ttl, max }: DnsCacheLimits): void {
    this.#answers.delete(host);
    this.#answers.set(host, { addresses, expires: defaultLoop.time() + ttl });
    if (this.#answers.size <= max) return;
    const [oldest] = this.#answers.keys();
    this.#answers.delete(oldest as string);
  }

  /** The listener is called once, later. */
  #ask(host: string, listener: AddressListener): void {
    let asked = true;
    const answer: Parameters<Lookup>[2] = (error, found, family) => {
      if (!asked) return;
      asked = false;
      const addresses = error === null ? listed(found, family) : [];
      if (addresses.length > 0) listener(null, addresses);
      else listener(error ?? noAddress(host), []);
    };
    try {
      this.#lookup(host, { all: true, family: this.#family }, (...outcome) => {
        // A lookup of the user's may answer before it returns; who asked is not ready for that.
        queueMicrotask(() => answer(...outcome));
      });
    } catch (error) {
      queueMicrotask(() => answer(error as Error, []));
    }
  }
}

function listed(
  found: string | readonly LookupAddress[],
  family: number | undefined,
): readonly LookupAddress[] {
  if (typeof found !== "string") return found ?? [];
  return [{ address: found, family: family ?? (found.includes(":") ? 6 : 4) }];
}

function noAddress(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`no address for ${host}`), { code: "ENOTFOUND" });
}
