/*
 * Where a body is poured: what takes its chunks as they come, without a wait for each.
 *
 * For who writes much: a chunk is handed over in the callback of the network that brought it, so none
 * is copied, kept or waited for while the sink keeps up.
 */
import type { BodySource } from "./bodySource.ts";

/** @internal */
export interface BodySink {
  /**
   * Takes a chunk, which is good for the time of this call only. Returns true when it wants no other
   * before `drain`; what it throws ends the body.
   */
  push(chunk: Uint8Array): boolean;
  /** Waits until there is room again; false when no more is wanted. */
  drain(): Promise<boolean>;
}

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
