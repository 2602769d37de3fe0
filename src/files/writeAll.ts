/*
 * `writelines`: one write after the other.
 */
import { wrongType } from "../core/arguments.ts";

interface Sink<T> {
  write(data: T): Promise<number>;
}

/** @internal */
export async function writeAll<T>(
  file: Sink<T>,
  lines: Iterable<T> | AsyncIterable<T>,
): Promise<void> {
  if (typeof lines !== "object" || !(Symbol.iterator in lines || Symbol.asyncIterator in lines)) {
    throw wrongType("lines", "an iterable, or an asynchronous one", lines);
  }
  for await (const line of lines) await file.write(line);
}
