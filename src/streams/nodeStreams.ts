/*
 * To and from the streams of Node and of the web.
 *
 * What comes in becomes a transport (`nodeTransport.ts`). What goes out is a stream of Node's whose calls are answered
 * by a task: a read or a drain waits in it, wherever the stream is used from. Streams of the web go through Node's own
 * conversion.
 * Limits: what a converted stream has read ahead is its own; use the reader or the stream, not both.
 */
import { Readable, Writable } from "node:stream";
import { ReadableStream, WritableStream } from "node:stream/web";
import { wrongType } from "../core/arguments.ts";
import { spawnUnder } from "../core/createTask.ts";
import { ambientScope, type Scope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { NodeTransport } from "./nodeTransport.ts";
import { StreamReader, type StreamReaderOptions } from "./reader.ts";
import { StreamProtocol } from "./streamProtocol.ts";
import { StreamWriter } from "./writer.ts";

/** How much is read at a time for a stream of Node's, in bytes. */
const PIECE = 65_536;

/**
 * A reader of a stream of Node's or of the web. The source is held back while too much waits to be read; its error is
 * thrown by reads.
 *
 * @throws TypeError when `source` is neither, or gives objects
 *
 * @example
 * ```ts
 * import { Readable } from "node:stream";
 * import { readerFrom } from "ambit/streams";
 *
 * const reader = readerFrom(Readable.from([Buffer.from("one\n"), Buffer.from("two\n")], { objectMode: false }));
 * String(await reader.readline()); // => "one\n"
 * ```
 */
export function readerFrom(
  source: Readable | ReadableStream<Uint8Array>,
  options: StreamReaderOptions = {},
): StreamReader {
  const readable = source instanceof ReadableStream ? Readable.fromWeb(source) : source;
  if (!(readable instanceof Readable))
    throw wrongType("source", "a Readable or a ReadableStream", source);
  // What the web gives are objects to Node; they are bytes all the same.
  if (readable === source && readable.readableObjectMode) {
    throw wrongType("source", "a stream of bytes, not of objects", source);
  }
  const reader = new StreamReader(options);
  const protocol = new StreamProtocol(reader);
  if (readable.errored !== null) protocol.connectionLost(readable.errored);
  else if (!readable.readable) protocol.connectionLost(null);
  else protocol.connectionMade(new NodeTransport(readable, protocol, {}, "read"));
  return reader;
}

/**
 * A writer to a stream of Node's or of the web. `drain` holds back while too much waits; `close` ends the stream.
 *
 * @throws TypeError when `target` is neither
 *
 * @example
 * ```ts
 * import { PassThrough } from "node:stream";
 * import { writerTo } from "ambit/streams";
 *
 * const target = new PassThrough();
 * const writer = writerTo(target);
 * writer.write("hello");
 * await writer.drain();
 * String(target.read()); // => "hello"
 * ```
 */
export function writerTo(target: Writable | WritableStream<Uint8Array>): StreamWriter {
  const writable = target instanceof WritableStream ? Writable.fromWeb(target) : target;
  // A Duplex is no instance of Writable to some; what counts is that it can be written to.
  if (typeof (writable as Writable | null)?.write !== "function") {
    throw wrongType("target", "a Writable or a WritableStream", target);
  }
  const protocol = new StreamProtocol(null);
  const transport = new NodeTransport(writable, protocol, {}, "write");
  if (writable.destroyed) protocol.connectionLost(writable.errored);
  else protocol.connectionMade(transport);
  return new StreamWriter(transport, protocol);
}

/**
 * A Readable of Node's that gives what the reader gives. Destroying it stops reading; it does not close the connection.
 *
 * @example
 * ```ts
 * import { StreamReader, toReadable } from "ambit/streams";
 *
 * const reader = new StreamReader();
 * reader.feedData(Buffer.from("hello"));
 * reader.feedEof();
 * const pieces = await toReadable(reader).toArray();
 * pieces.map(String); // => ["hello"]
 * ```
 */
export function toReadable(reader: StreamReader): Readable {
  const scope = ambientScope();
  let reading: Task<void> | null = null;
  const readable = new Readable({
    read() {
      reading = background(
        scope,
        async () => void readable.push(await nextPiece(reader)),
        readable,
      );
    },
    destroy(error, done) {
      reading?.cancel("the stream was destroyed");
      done(error);
    },
  });
  return readable;
}

/** The next piece; null at the end. */
async function nextPiece(reader: StreamReader): Promise<Buffer | null> {
  const piece = await reader.read(PIECE);
  return piece.length === 0 ? null : piece;
}

/**
 * A Writable of Node's that writes to the writer, and waits for `drain`. Ending or destroying it closes the writer.
 *
 * @example
 * ```ts
 * import { PassThrough, Readable } from "node:stream";
 * import { pipeline } from "node:stream/promises";
 * import { toWritable, writerTo } from "ambit/streams";
 *
 * const target = new PassThrough();
 * await pipeline(Readable.from(["hello"]), toWritable(writerTo(target)));
 * String(target.read()); // => "hello"
 * ```
 */
export function toWritable(writer: StreamWriter): Writable {
  const scope = ambientScope();
  const writable: Writable = new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      writer.write(chunk);
      const drain = async (): Promise<void> => {
        await writer.drain();
        done();
      };
      background(scope, drain, writable);
    },
    final(done) {
      writer.close();
      const close = async (): Promise<void> => {
        await writer.waitClosed();
        done();
      };
      background(scope, close, writable);
    },
    destroy(error, done) {
      if (!writable.writableFinished) writer.transport.abort();
      done(error);
    },
  });
  return writable;
}

/** A ReadableStream of the web that gives what the reader gives; see {@link toReadable}. */
export function toReadableStream(reader: StreamReader): ReadableStream<Uint8Array> {
  return Readable.toWeb(toReadable(reader)) as ReadableStream<Uint8Array>;
}

/** A WritableStream of the web that writes to the writer; see {@link toWritable}. */
export function toWritableStream(writer: StreamWriter): WritableStream<Uint8Array> {
  return Writable.toWeb(toWritable(writer)) as WritableStream<Uint8Array>;
}

/** A task for one call of a stream's: it ends with the run, and then the stream fails instead of waiting for ever. */
function background(
  scope: Scope,
  body: () => Promise<void>,
  stream: Readable | Writable,
): Task<void> {
  const task = spawnUnder(scope.runner, body, { eager: true }, scope);
  task.addWaiter({
    settled: () => {
      if (task.state !== "fulfilled") stream.destroy(failureOf(task));
    },
  });
  return task;
}

function failureOf(task: Task<void>): Error {
  if (!task.cancelled()) return task.exception() as Error;
  return new Error("the run that this stream belongs to has ended");
}
