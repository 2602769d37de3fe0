/*
 * DatagramEndpoint: messages over UDP.
 *
 * Strategy: a message goes to who has waited longest for one, or waits in a queue of limited length; when that is full,
 * newcomers are dropped and counted, as the system does with its own queue (a socket of Node's for datagrams cannot be
 * paused). Sending waits until the system has taken the message: that is the back-pressure there is.
 * Limits: datagrams get lost, doubled and reordered on their way; nothing here changes that.
 */
import type { RemoteInfo, Socket } from "node:dgram";
import { wrongType } from "../core/arguments.ts";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import { ambientScope } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import { RingBuffer } from "../queues/ringBuffer.ts";
import { expectPort } from "./connect.ts";
import { asBuffer } from "./chunkBuffer.ts";
import { EndpointClosedError } from "./errors.ts";
import { keepTrackOf } from "./opened.ts";
import { addressOf, addressWords } from "./socketInfo.ts";
import type { Address, IpAddress } from "./transport.ts";

/** One message, and who sent it. */
export interface Datagram {
  readonly data: Buffer;
  readonly address: IpAddress;
}

/** A host and a port. */
export interface HostAndPort {
  /** A name or an address. Default: `"127.0.0.1"`, or `"::1"` for IPv6. */
  readonly host?: string;
  /** 0 to 65,535. */
  readonly port: number;
}

/** Whom datagrams go to: a host and a port, or an address as a message bears it. */
export type Destination = HostAndPort | IpAddress;

/** What `endpoint.statistics()` tells. */
export interface DatagramStatistics {
  /** Messages that wait to be received. */
  readonly waiting: number;
  /** Messages that were dropped because too many waited. */
  readonly dropped: number;
  /** Tasks that wait for a message. */
  readonly receiving: number;
}

interface Outgoing {
  readonly data: Uint8Array;
  readonly to: Destination | undefined;
}

/**
 * A socket for datagrams (`create_datagram_endpoint`). `for await` gives the messages until it is closed.
 *
 * Prints as `<DatagramEndpoint open 127.0.0.1:5353>`.
 *
 * **Cancellation:** a cancelled `receive` has taken no message.
 */
export class DatagramEndpoint implements AsyncIterable<Datagram>, AsyncDisposable {
  readonly #socket: Socket;
  readonly #queueLimit: number;
  readonly #queue = new RingBuffer<Datagram>();
  readonly #receivers = new WaitQueue<Datagram>();
  readonly #closers = new WaitQueue();
  readonly #connected: boolean;
  readonly #address: Address;
  #untrack: () => void;
  #dropped = 0;
  #error: Error | null = null;
  #state: "open" | "closing" | "closed" = "open";
  /** On its way from `send` to the start of its wait. */
  #outgoing: Outgoing | null = null;

  /** @internal */
  constructor(socket: Socket, queueLimit: number, connected: boolean) {
    this.#socket = socket;
    this.#queueLimit = queueLimit;
    this.#connected = connected;
    const { address, port, family } = socket.address();
    this.#address = addressOf(address, port, family) as Address;
    this.#untrack = keepTrackOf(this, ambientScope());
    socket.on("message", (data, from) => this.#take(data, from));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#closed());
  }

  /** Where it listens. */
  get address(): IpAddress {
    return this.#address as IpAddress;
  }

  /**
   * Sends a message, and waits until the system has taken it.
   *
   * **Cancellation:** the wait ends; the message may go out all the same.
   *
   * @param data bytes, or text as UTF-8
   * @param to whom; left out when the endpoint has a `remoteAddress`
   * @throws Node's error (`EMSGSIZE`, `ENOTFOUND`, `ECONNREFUSED`, …)
   * @throws {@link EndpointClosedError} when it is closed
   * @throws TypeError when `to` is missing, or is given with a `remoteAddress`
   */
  async send(data: Uint8Array | string, to?: Destination): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (!(bytes instanceof Uint8Array)) throw wrongType("data", "bytes or text", data);
    if (this.#connected !== (to === undefined)) throw wrongPeer(this.#connected, to);
    if (to !== undefined) expectPort("to.port", to.port);
    if (this.#state !== "open") throw this.#closedError("send");
    this.#outgoing = { data: bytes, to };
    await suspend<void, DatagramEndpoint>(
      DatagramEndpoint.#startSending,
      this,
      "DatagramEndpoint.send",
    );
  }

  /**
   * Takes the next message, after waiting for one if there is none.
   *
   * **Cancellation:** no message is taken.
   *
   * @throws {@link EndpointClosedError} when it is closed, and no message is left
   * @throws Node's error, once, when the system reports one (`ECONNREFUSED` with a `remoteAddress`); it stays open
   */
  async receive(): Promise<Datagram> {
    if (this.#queue.size > 0) return this.#queue.take();
    const error = this.#error;
    this.#error = null;
    if (error !== null) throw error;
    if (this.#state !== "open") throw this.#closedError("receive");
    return suspend<Datagram, DatagramEndpoint>(
      DatagramEndpoint.#startReceiving,
      this,
      "DatagramEndpoint.receive",
    );
  }

  /** The messages that come, until it is closed. Leaving the loop loses none. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Datagram, undefined> {
    return {
      next: async () => {
        try {
          return { done: false, value: await this.receive() };
        } catch (error) {
          if (error instanceof EndpointClosedError) return { done: true, value: undefined };
          throw error;
        }
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Closes it. What has come can still be received; who waits for more is told. May be called again. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#socket.close();
    for (let wait = this.#receivers.shift(); wait !== null; wait = this.#receivers.shift()) {
      wait.reject(this.#closedError("receive"));
    }
  }

  /** The same as {@link DatagramEndpoint.close}: nothing waits to be sent. */
  abort(): void {
    this.close();
  }

  /** Whether it is closing or closed. */
  isClosing(): boolean {
    return this.#state !== "open";
  }

  /**
   * Waits until it is closed.
   *
   * **Cancellation:** the wait ends; it goes on closing.
   */
  async waitClosed(): Promise<void> {
    if (this.#state === "closed") return;
    await suspend<void, DatagramEndpoint>(
      DatagramEndpoint.#startClosing,
      this,
      "DatagramEndpoint.waitClosed",
    );
  }

  /** Closes it and waits until it is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.waitClosed();
  }

  /** The numbers of the moment, frozen. */
  statistics(): DatagramStatistics {
    return Object.freeze({
      waiting: this.#queue.size,
      dropped: this.#dropped,
      receiving: this.#receivers.size,
    });
  }

  #take(data: Buffer, from: RemoteInfo): void {
    const address = addressOf(from.address, from.port, from.family) as IpAddress;
    const receiver = this.#receivers.shift();
    if (receiver !== null) receiver.resolve({ data, address });
    else if (this.#queue.size < this.#queueLimit) this.#queue.push({ data, address });
    else this.#dropped++;
  }

  #fail(error: Error): void {
    const receiver = this.#receivers.shift();
    if (receiver === null) this.#error = error;
    else receiver.reject(error);
  }

  #closed(): void {
    this.#state = "closed";
    this.#untrack();
    for (let wait = this.#closers.shift(); wait !== null; wait = this.#closers.shift())
      wait.resolve();
  }

  #closedError(operation: string): EndpointClosedError {
    return new EndpointClosedError(`${operation} on ${this[INSPECT]()}`);
  }

  static #startSending(this: void, wait: Wait<void>, endpoint: DatagramEndpoint): void {
    const { data, to } = endpoint.#outgoing as Outgoing;
    endpoint.#outgoing = null;
    const done = (error: Error | null): void =>
      void (error === null ? wait.resolve() : wait.reject(error));
    if (to === undefined) endpoint.#socket.send(asBuffer(data), done);
    else endpoint.#socket.send(asBuffer(data), to.port, hostOf(to), done);
  }

  static #startReceiving(
    this: void,
    wait: Wait<Datagram>,
    endpoint: DatagramEndpoint,
  ): Cleanup<Datagram, DatagramEndpoint> {
    endpoint.#receivers.push(wait);
    return DatagramEndpoint.#leaveReceivers;
  }

  static #leaveReceivers(this: void, wait: Wait<Datagram>, endpoint: DatagramEndpoint): void {
    endpoint.#receivers.remove(wait);
  }

  static #startClosing(
    this: void,
    wait: Wait<void>,
    endpoint: DatagramEndpoint,
  ): Cleanup<void, DatagramEndpoint> {
    endpoint.#closers.push(wait);
    return DatagramEndpoint.#leaveClosers;
  }

  static #leaveClosers(this: void, wait: Wait<void>, endpoint: DatagramEndpoint): void {
    endpoint.#closers.remove(wait);
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return true;
  }

  /** @internal */
  [INSPECT](): string {
    return `<DatagramEndpoint ${this.#state} ${addressWords(this.#address)}>`;
  }
}

function wrongPeer(connected: boolean, to: unknown): TypeError {
  const wanted = connected
    ? "left out: the endpoint has one peer"
    : "a host and a port: the endpoint has no peer";
  return wrongType("to", wanted, to);
}

/** @internal */
export function hostOf(target: Destination | undefined): string | undefined {
  if (target === undefined) return undefined;
  return "address" in target ? target.address : target.host;
}
