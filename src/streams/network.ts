/*
 * Networks: where `openConnection` and `startServer` find their peers. That is the operating system's, unless the running
 * task is on a host of another one: tests run programs on simulated hosts, and those call the plain functions.
 *
 * Strategy: a context variable, so that what a host's tasks spawn is on that host too.
 */
import { ContextVar } from "../core/contextVar.ts";
import type { Listener } from "./listener.ts";
import type { Protocol, Transport } from "./transport.ts";

/** Where to connect. @internal */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly localPort: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A network, seen from one host of it. @internal */
export interface Network {
  /** Connects. `ready` makes of the new transport what the promise gives, in the moment in which the transport is there. */
  connect<T>(to: Destination, ready: (open: (protocol: Protocol) => Transport) => T): Promise<T>;
  /** What listens on an address; without a host, on every address. */
  listener(where: { readonly host: string | undefined; readonly port: number }): Listener;
}

const inCharge = new ContextVar<Network | null>("network", { defaultValue: null });

/** The network of the running task; null is the operating system's. @internal */
export function networkInCharge(): Network | null {
  return inCharge.get();
}

/** Puts the running task, and what it will spawn, on a network. @internal */
export function useNetwork(network: Network | null): void {
  inCharge.set(network);
}
