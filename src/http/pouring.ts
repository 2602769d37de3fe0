/*
 * Pouring a body into a sink: by the source's own way, if it has one, else chunk by chunk.
 */
import type { BodySink } from "./bodySink.ts";
import type { BodySource } from "./bodySource.ts";

/**
 * Pours all that comes of a source into a sink.
 * @internal
 */
export async function pour(source: BodySource, sink: BodySink): Promise<void> {
  if (source.pour !== undefined) return source.pour(sink);
  for (let chunk = await source.read(); chunk !== null; chunk = await source.read()) {
    try {
      if (sink.push(chunk) && !(await sink.drain())) return;
    } catch (error) {
      source.release();
      throw error;
    }
  }
}
