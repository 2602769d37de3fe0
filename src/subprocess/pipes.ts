/*
 * The pipes of a child, as streams.
 *
 * Strategy: Node gives sockets; each gets a transport, so that a reader that has enough pauses the child, and a child
 * that does not read holds back who writes.
 * When a child has ended, Node makes its paused pipes flow. What the child itself wrote is little, but another process
 * may have the pipe too, and write for ever: the pipes of a reader that has enough are paused again.
 */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { ConnectionResetError } from "../streams/errors.ts";
import { NodeTransport } from "../streams/nodeTransport.ts";
import { StreamReader } from "../streams/reader.ts";
import { StreamProtocol } from "../streams/streamProtocol.ts";
import { StreamWriter } from "../streams/writer.ts";

/** One stream that is read. */
interface Outlet {
  readonly name: "stdout" | "stderr";
  readonly source: Readable;
  readonly reader: StreamReader;
  readonly transport: NodeTransport;
}

const UNREAD = "the process ended before it had read all of its input";

/** @internal */
export class Pipes {
  readonly stdin: StreamWriter | null;
  readonly stdout: StreamReader | null;
  readonly stderr: StreamReader | null;
  readonly #outlets: Outlet[] = [];
  readonly #onClosed: () => void;
  /** How many are open. */
  #open = 0;

  /**
   * @param merged the pipe of stdout and stderr together, if they have one
   * @param limit of the readers, in bytes
   * @param onClosed called each time when the last open one is closed
   */
  constructor(
    child: ChildProcess,
    merged: Socket | null,
    limit: number | undefined,
    onClosed: () => void,
  ) {
    this.#onClosed = onClosed;
    this.stdin = this.#writerTo(child);
    this.stdout = this.#readerOf("stdout", merged ?? child.stdout, limit);
    this.stderr = this.#readerOf("stderr", child.stderr, limit);
  }

  /** Whether all of them are closed. */
  get closed(): boolean {
    return this.#open === 0;
  }

  #writerTo({ stdin }: ChildProcess): StreamWriter | null {
    if (stdin === null) return null;
    const protocol = new StreamProtocol(null, () => this.#lost());
    const transport = new NodeTransport(stdin, protocol);
    protocol.connectionMade(transport);
    this.#open++;
    return new StreamWriter(transport, protocol, null);
  }

  #readerOf(
    name: "stdout" | "stderr",
    source: Readable | null,
    limit: number | undefined,
  ): StreamReader | null {
    if (source === null) return null;
    const reader = new StreamReader(limit === undefined ? {} : { limit });
    const protocol = new StreamProtocol(reader, () => this.#lost());
    const transport = new NodeTransport(source, protocol);
    protocol.connectionMade(transport);
    this.#outlets.push({ name, source, reader, transport });
    this.#open++;
    return reader;
  }

  #lost(): void {
    if (--this.#open === 0) this.#onClosed();
  }

  /** The child has ended; called before Node makes the pipes flow. */
  childEnded(): void {
    const input = this.stdin?.transport;
    // Node closes the pipe without a word of what was not read.
    const unread = (input?.bufferedBytes ?? 0) > 0;
    input?.abort(unread ? new ConnectionResetError(UNREAD) : undefined);
    process.nextTick(() => process.nextTick(() => this.#holdBack()));
  }

  #holdBack(): void {
    for (const { source, transport } of this.#outlets) {
      if (!transport.isReading() && !transport.isClosing()) source.pause();
    }
  }

  /** Closes one at once. */
  close(name: string): void {
    if (name === "stdin") this.stdin?.transport.abort();
    this.#outlets.find((outlet) => outlet.name === name)?.transport.abort();
  }

  /** Closes them all at once; what was read already can still be taken from the readers. */
  abort(): void {
    this.stdin?.transport.abort();
    for (const { transport } of this.#outlets) transport.abort();
  }

  /** Lets Node end although they are open. */
  unref(): void {
    for (const { source } of this.#outlets) (source as Socket).unref();
    (this.stdin?.info.socket ?? null)?.unref();
  }

  /** `stdout=131072`: the bytes that were received and that nobody has read. */
  unreadWords(): string[] {
    return this.#outlets
      .filter(({ reader }) => reader.bufferedBytes > 0)
      .map(({ name, reader }) => `${name}=${reader.bufferedBytes}`);
  }
}
