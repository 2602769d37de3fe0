/*
 * SimulatedListener: a port of a simulated host on which a server listens.
 */
import type { Accept, Listener } from "../../streams/listener.ts";
import type { Address, IpAddress } from "../../streams/transport.ts";

/** What a listener needs of its host. @internal */
export interface Ports {
  /** Takes a port, any free one for 0; throws EADDRINUSE. */
  bind(listener: SimulatedListener, port: number): number;
  unbind(port: number, listener: SimulatedListener): void;
}

/** @internal */
export class SimulatedListener implements Listener {
  readonly outside = false;
  /** Whether only the host itself reaches it. */
  readonly isLocal: boolean;
  readonly #ports: Ports;
  readonly #address: string;
  #port: number;
  #accept: Accept | null = null;

  constructor(ports: Ports, address: string, port: number, isLocal: boolean) {
    this.#ports = ports;
    this.#address = address;
    this.#port = port;
    this.isLocal = isLocal;
  }

  get addresses(): readonly Address[] {
    return this.#accept === null ? [] : [this.address];
  }

  get address(): IpAddress {
    return { address: this.#address, port: this.#port, family: "IPv4" };
  }

  async listen(accept: Accept): Promise<void> {
    this.#port = this.#ports.bind(this, this.#port);
    this.#accept = accept;
  }

  /** A connection has come. */
  accept(...open: Parameters<Accept>): void {
    this.#accept?.(...open);
  }

  close(): void {
    if (this.#accept === null) return;
    this.#accept = null;
    this.#ports.unbind(this.#port, this);
  }
}
