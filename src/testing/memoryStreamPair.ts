/*
 * memoryStreamPair: both ends of a connection, in memory.
 */
import { expectLimit, expectMilliseconds, outOfRange } from "../core/arguments.ts";
import { getRunningLoop } from "../core/scope.ts";
import { type Connection, connectionOver } from "../streams/connection.ts";
import type { StreamReaderOptions } from "../streams/reader.ts";
import { MemoryTransport } from "./memoryTransport.ts";
import { Pipe, type Route } from "./pipe.ts";

/** How a pair in memory behaves. */
export interface MemoryStreamOptions extends StreamReaderOptions {
  /** How long each piece travels, in milliseconds of the loop's clock, at least 0. Default 0. */
  readonly latency?: number;
  /**
   * How many bytes a direction holds between a writer and a reader that does not read, an integer of at least 1, or
   * Infinity. What is more waits at the writer, and makes `drain` wait above the transport's high limit. Default 65,536.
   */
  readonly capacity?: number;
}

const CAPACITY = 65_536;

/**
 * Two connected streams in memory: what one writes the other reads (trio's `memory_stream_pair`). Code that takes a reader
 * and a writer can be tested without sockets, in virtual time, with every byte in its place under every schedule.
 *
 * They behave as a TCP connection: back-pressure in both directions, half-close by `writeEof`, ECONNRESET for who writes
 * to a side that has closed. They belong to the running loop, and waits on them are no outside work.
 *
 * @throws RangeError when an option is out of its range
 *
 * @example
 * ```ts
 * import { memoryStreamPair } from "ambit/testing";
 *
 * const [client, server] = memoryStreamPair();
 * client.writer.write("hello\n");
 * String(await server.reader.readline()); // => "hello\n"
 * client.writer.close();
 * String(await server.reader.read()); // => ""
 * server.writer.close();
 * ```
 */
export function memoryStreamPair(options: MemoryStreamOptions = {}): [Connection, Connection] {
  const { latency = 0, capacity = CAPACITY, ...reading } = options;
  expectMilliseconds("options.latency", latency);
  if (latency < 0) throw outOfRange("options.latency", "at least 0", latency);
  expectLimit("options.capacity", capacity, 1);
  const loop = getRunningLoop();
  const route: Route = {
    arrival: (_bytes, now) => now + latency,
    isCut: false,
    patience: Infinity,
  };
  const [there, back] = [new Pipe(loop, route, capacity), new Pipe(loop, route, capacity)];
  const left = connectionOver(
    (protocol) => new MemoryTransport(loop, { incoming: back, outgoing: there }, protocol, {}),
    reading,
  );
  const right = connectionOver(
    (protocol) => new MemoryTransport(loop, { incoming: there, outgoing: back }, protocol, {}),
    reading,
  );
  return [left, right];
}
