/*
 * Lines: the open connections of a simulated network, and the links that they travel over.
 */
import type { Loop } from "../../core/loop.ts";
import type { Protocol } from "../../streams/transport.ts";
import { MemoryTransport } from "../memoryTransport.ts";
import { Pipe } from "../pipe.ts";
import type { Accepted } from "./dial.ts";
import { Link, type LinkOptions } from "./link.ts";
import { ConnectionRoute } from "./route.ts";
import type { SimulatedHost } from "./simulatedHost.ts";
import type { SimulatedListener } from "./simulatedListener.ts";

const CAPACITY = 65_536;

/** One end of a connection that is to be: `app:49152`. @internal */
export interface LineEnd {
  readonly host: SimulatedHost;
  readonly port: number;
}

/** Both sides of an open connection. */
interface Line {
  readonly hosts: readonly SimulatedHost[];
  readonly sides: Map<MemoryTransport, SimulatedHost>;
  /** Takes its directions off their links. */
  readonly leave: () => void;
}

/** Hears what happens. */
type Note = (what: string, loop: Loop) => void;

/** @internal */
export class Lines {
  readonly #links = new Map<string, Link>();
  readonly #open = new Set<Line>();
  readonly #linkOptions: Required<LinkOptions>;
  readonly #random: () => number;
  readonly #note: Note;

  constructor(linkOptions: Required<LinkOptions>, random: () => number, note: Note) {
    this.#linkOptions = linkOptions;
    this.#random = random;
    this.#note = note;
  }

  /** How many connections are open. */
  get size(): number {
    return this.#open.size;
  }

  /** The link from one host to another; inside a host nothing takes time. */
  link(from: SimulatedHost, to: SimulatedHost): Link {
    const key = `${from.name} > ${to.name}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      const inside = from === to ? { latency: 0, jitter: 0, loss: 0, bandwidth: Infinity } : {};
      link = new Link({ ...this.#linkOptions, ...inside }, this.#random);
      this.#links.set(key, link);
    }
    return link;
  }

  /** Has a listener accept a connection. */
  accept(listener: SimulatedListener, loop: Loop, near: LineEnd, far: LineEnd): Accepted {
    const there = this.#pipe(loop, near, far);
    const back = this.#pipe(loop, far, near);
    const line: Line = {
      hosts: [near.host, far.host],
      sides: new Map(),
      leave: () => {
        this.link(near.host, far.host).pipes.delete(there);
        this.link(far.host, near.host).pipes.delete(back);
      },
    };
    const side = (own: LineEnd, peer: LineEnd, protocol: Protocol): MemoryTransport => {
      const ends =
        own === near ? { incoming: back, outgoing: there } : { incoming: there, outgoing: back };
      const info = { sockname: addressOf(own), peername: addressOf(peer) };
      return this.#join(line, own.host, new MemoryTransport(loop, ends, protocol, info));
    };
    listener.accept((protocol) => side(far, near, protocol));
    return {
      open: (protocol) => side(near, far, protocol),
      forsake: () => resetAll(line.sides.keys()),
    };
  }

  /** Resets both sides of every connection between two hosts. */
  resetBetween(one: SimulatedHost, other: SimulatedHost): void {
    for (const { hosts, sides } of this.#open)
      if (hosts.includes(one) && hosts.includes(other)) resetAll(sides.keys());
  }

  /** Resets the sides that are a host's own; the others hear of it when the links let them. */
  resetOf(host: SimulatedHost): void {
    for (const { sides } of this.#open)
      for (const [side, own] of sides) if (own === host) side.reset();
  }

  #join(line: Line, host: SimulatedHost, side: MemoryTransport): MemoryTransport {
    this.#open.add(line);
    line.sides.set(side, host);
    side.onLost = () => {
      line.sides.delete(side);
      if (line.sides.size > 0) return;
      this.#open.delete(line);
      line.leave();
    };
    return side;
  }

  #pipe(loop: Loop, from: LineEnd, to: LineEnd): Pipe {
    const link = this.link(from.host, to.host);
    const name = `${endWords(from)} > ${endWords(to)}`;
    const route = new ConnectionRoute(link, (what) => this.#note(`${name} ${what}`, loop));
    const pipe = new Pipe(loop, route, CAPACITY);
    link.pipes.add(pipe);
    return pipe;
  }
}

/** `db:5432`. @internal */
export function endWords({ host, port }: LineEnd): string {
  return `${host.name}:${port}`;
}

function addressOf({ host, port }: LineEnd): { address: string; port: number; family: "IPv4" } {
  return { address: host.address, port, family: "IPv4" };
}

function resetAll(sides: Iterable<MemoryTransport>): void {
  for (const side of sides) side.reset();
}
