/*
 * Connection: a reader and a writer, and how they are put on top of a transport.
 */
import { INSPECT } from "../core/inspection.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import { keepTrackOf } from "./opened.ts";
import { StreamReader, type StreamReaderOptions } from "./reader.ts";
import { StreamProtocol } from "./streamProtocol.ts";
import type { Protocol, Transport } from "./transport.ts";
import { StreamWriter } from "./writer.ts";

/**
 * Both halves of a stream. `await using connection = …` closes it, see {@link StreamWriter}; a connection that is
 * forgotten is closed when the run ends.
 */
export class Connection implements AsyncDisposable {
  /** What comes in. */
  readonly reader: StreamReader;
  /** What goes out. */
  readonly writer: StreamWriter;

  /** @internal */
  constructor(reader: StreamReader, writer: StreamWriter) {
    this.reader = reader;
    this.writer = writer;
  }

  /** Closes both halves and waits until they are closed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.writer[Symbol.asyncDispose]();
  }

  /** @internal */
  abort(): void {
    this.writer.transport.abort();
  }

  /** @internal */
  [INSPECT](): string {
    return `<Connection reader=${this.reader[INSPECT]()} transport=${this.writer[INSPECT]()}>`;
  }
}

/**
 * Puts a reader and a writer on top of a transport: for who brings a transport of his own.
 *
 * @param open makes the transport that calls the given protocol
 *
 * @example
 * ```ts
 * import { PassThrough } from "node:stream";
 * import { connectionOver, NodeTransport } from "ambit/streams";
 *
 * const loopback = connectionOver((protocol) => new NodeTransport(new PassThrough(), protocol));
 * loopback.writer.write("round\n");
 * String(await loopback.reader.readline()); // => "round\n"
 * await loopback[Symbol.asyncDispose]();
 * ```
 */
export function connectionOver(
  open: (protocol: Protocol) => Transport,
  options?: StreamReaderOptions,
): Connection;
/** @internal */
export function connectionOver(
  open: (protocol: Protocol) => Transport,
  options: StreamReaderOptions,
  scope: Scope,
): Connection;
export function connectionOver(
  open: (protocol: Protocol) => Transport,
  options: StreamReaderOptions = {},
  scope: Scope = ambientScope(),
): Connection {
  const reader = new StreamReader(options);
  let untrack = (): void => {};
  const protocol = new StreamProtocol(reader, () => untrack());
  const transport = open(protocol);
  protocol.connectionMade(transport);
  const connection = new Connection(reader, new StreamWriter(transport, protocol));
  untrack = keepTrackOf(connection, scope);
  return connection;
}
