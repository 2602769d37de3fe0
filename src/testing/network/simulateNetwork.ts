/*
 * simulateNetwork: hosts, the links between them, and what can go wrong with both.
 *
 * Strategy: connections are pairs in memory (`memoryTransport.ts`) whose directions travel over links. All that is left to
 * chance comes from one seed, and all time from the loop: so a run in virtual time repeats itself, trace and all. Nothing
 * is lost inside a connection, for nothing is in TCP: what a link loses comes late, what a cut holds up comes when it
 * heals, or never, and then ETIMEDOUT does.
 * Limits: TCP only, no TLS; unix sockets and datagrams are the operating system's as before.
 */
import { expectInteger, outOfRange, wrongType } from "../../core/arguments.ts";
import type { Loop } from "../../core/loop.ts";
import { getRunningLoop } from "../../core/scope.ts";
import type { Destination } from "../../streams/network.ts";
import type { Protocol, Transport } from "../../streams/transport.ts";
import { seededRandom } from "../random.ts";
import { notFoundError, systemError } from "../systemErrors.ts";
import { dial } from "./dial.ts";
import { endWords, Lines } from "./lines.ts";
import { expectLink, type Link, type LinkOptions } from "./link.ts";
import { type Cable, SimulatedHost } from "./simulatedHost.ts";

/** How a network is made. */
export interface NetworkOptions extends LinkOptions {
  /** The seed of jitter and loss, an integer of at least 0. Default 1. */
  readonly seed?: number;
  /** How long an attempt to connect goes on unanswered, in milliseconds. Default 127,000, Linux's. */
  readonly connectTimeout?: number;
}

/** Whether something is done to one direction, from the first to the second, or to both. */
export interface Direction {
  /** Default false. */
  readonly oneWay?: boolean;
}

/** A host, or its name. */
export type HostLike = SimulatedHost | string;

/** How each host calls itself. */
const OWN: readonly string[] = ["localhost", "127.0.0.1", "::1"];

/**
 * Makes a network in memory: hosts that connect to each other by name, links with latency and loss, partitions, resets,
 * crashes. See {@link SimulatedNetwork}.
 *
 * @throws RangeError when an option is out of its range
 *
 * @example
 * ```ts
 * import { openConnection, startServer } from "ambit/streams";
 * import { currentTime, runVirtual, simulateNetwork } from "ambit/testing";
 *
 * await runVirtual(async () => {
 *   const network = simulateNetwork({ latency: 20 });
 *   const server = network.host("db").run(async () => {
 *     await (await startServer((_reader, writer) => writer.write("hi"), { port: 5432 })).serveForever();
 *   });
 *   await network.host("app").run(async () => {
 *     const { reader } = await openConnection({ host: "db", port: 5432 });
 *     String(await reader.read()); // => "hi"
 *   });
 *   currentTime(); // => 40
 *   server.cancel();
 * });
 * ```
 */
export function simulateNetwork(options: NetworkOptions = {}): SimulatedNetwork {
  return new SimulatedNetwork(options);
}

/**
 * A network in memory. Made by `simulateNetwork`.
 *
 * Code that runs on a host (`host.run`) uses the plain functions of `ambit/streams`. Hosts are known by their names and
 * addresses; `localhost` is the host itself.
 */
export class SimulatedNetwork {
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #lines: Lines;
  readonly #trace: string[] = [];
  readonly #connectTimeout: number;
  readonly #cable: Cable;

  /** @internal */
  constructor(options: NetworkOptions) {
    const { seed = 1, connectTimeout = 127_000, ...link } = options;
    expectInteger("options.seed", seed, 0);
    if (!(connectTimeout > 0))
      throw outOfRange("options.connectTimeout", "more than 0", connectTimeout);
    expectLink(link);
    this.#connectTimeout = connectTimeout;
    const full = { latency: 1, jitter: 0, loss: 0, bandwidth: Infinity, ...link };
    this.#lines = new Lines(full, seededRandom(seed), (what, loop) => this.#note(what, loop));
    this.#cable = {
      connect: (from, to, ready) => this.#connect(from, to, ready),
      crashed: (host) => this.#crashed(host),
      restarted: (host) => this.#note(`${host.name} restarts`),
    };
  }

  /** What happened, in order: `40 app:49152 > db:5432 sends 5 bytes`. The same for the same seeds. */
  get trace(): readonly string[] {
    return this.#trace;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#lines.size;
  }

  /** The host of that name; made when it is first asked for. */
  host(name: string): SimulatedHost {
    if (typeof name !== "string" || name === "" || OWN.includes(name))
      throw wrongType("name", "the name of a host, other than localhost", name);
    let host = this.#hosts.get(name);
    if (host === undefined) {
      host = new SimulatedHost(name, `10.0.0.${this.#hosts.size + 1}`, this.#cable);
      this.#hosts.set(name, host);
    }
    return host;
  }

  /** Changes the links between two hosts, for what is sent from now on. */
  setLink(one: HostLike, other: HostLike, options: LinkOptions & Direction): void {
    expectLink(options);
    const { oneWay = false, ...link } = options;
    for (const each of this.#between(one, other, oneWay)) each.set(link);
  }

  /**
   * Cuts two hosts off from each other: nothing gets through, in one direction or both. Connections stay and stall; after
   * fifteen minutes of that, who has sent something gets ETIMEDOUT. Attempts to connect go unanswered.
   */
  partition(one: HostLike, other: HostLike, { oneWay = false }: Direction = {}): void {
    this.#note(`${nameOf(one)} ${oneWay ? ">" : "|"} ${nameOf(other)} partition`);
    for (const link of this.#between(one, other, oneWay)) link.cut();
  }

  /** Mends what {@link SimulatedNetwork.partition} cut; what was held up sets out again. */
  heal(one: HostLike, other: HostLike, { oneWay = false }: Direction = {}): void {
    this.#note(`${nameOf(one)} ${oneWay ? ">" : "|"} ${nameOf(other)} heal`);
    for (const link of this.#between(one, other, oneWay)) link.heal();
  }

  /** Cuts a host off from all others that there are. */
  isolate(host: HostLike): void {
    for (const other of this.#others(host)) this.partition(host, other);
  }

  /** Mends every link of a host. */
  rejoin(host: HostLike): void {
    for (const other of this.#others(host)) this.heal(host, other);
  }

  /** Resets every connection between two hosts, as a box between them might: both sides get ECONNRESET. */
  reset(one: HostLike, other: HostLike): void {
    this.#note(`${nameOf(one)} | ${nameOf(other)} reset`);
    this.#lines.resetBetween(this.#hostOf(one), this.#hostOf(other));
  }

  #crashed(host: SimulatedHost): void {
    this.#note(`${host.name} crashes`);
    this.#lines.resetOf(host);
  }

  async #connect<T>(
    from: SimulatedHost,
    to: Destination,
    ready: (open: (protocol: Protocol) => Transport) => T,
  ): Promise<T> {
    const host = this.#lookUp(to.host, from);
    const { address } = host;
    if (!from.isUp) throw systemError("ENETUNREACH", "connect", { address, port: to.port });
    const near = { host: from, port: to.localPort ?? from.takePort() };
    const far = { host, port: to.port };
    return dial({
      there: this.#lines.link(from, host),
      back: this.#lines.link(host, from),
      address,
      port: to.port,
      timeout: this.#connectTimeout,
      signal: to.signal,
      accept: (loop) => {
        const listener = host.isUp ? host.listenerAt(to.port, from) : null;
        return listener === null ? null : this.#lines.accept(listener, loop, near, far);
      },
      ready,
      note: (what, loop) => this.#note(`${endWords(near)} > ${endWords(far)} ${what}`, loop),
    });
  }

  #lookUp(name: string, from: SimulatedHost): SimulatedHost {
    if (OWN.includes(name)) return from;
    const byAddress = [...this.#hosts.values()].find(({ address }) => address === name);
    const host = this.#hosts.get(name) ?? byAddress;
    if (host === undefined) throw notFoundError(name);
    return host;
  }

  #between(one: HostLike, other: HostLike, oneWay: boolean): Link[] {
    const [from, to] = [this.#hostOf(one), this.#hostOf(other)];
    const link = this.#lines.link(from, to);
    return oneWay ? [link] : [link, this.#lines.link(to, from)];
  }

  #others(host: HostLike): SimulatedHost[] {
    return [...this.#hosts.values()].filter((other) => other !== this.#hostOf(host));
  }

  #hostOf(host: HostLike): SimulatedHost {
    return typeof host === "string" ? this.host(host) : host;
  }

  #note(what: string, loop: Loop = getRunningLoop()): void {
    this.#trace.push(`${Math.round(loop.time() * 1000) / 1000} ${what}`);
  }
}

function nameOf(host: HostLike): string {
  return typeof host === "string" ? host : host.name;
}
