/*
 * What `open` of a body gave, as chunks in any case.
 */
import { BodyChunks, SlicedChunks } from "./bodyChunks.ts";
import { IterableChunks } from "./streamChunks.ts";

/** @internal */
export function openedChunks(opened: string | Uint8Array | AsyncIterable<Uint8Array>): BodyChunks {
  if (typeof opened === "string" || opened instanceof Uint8Array) return new SlicedChunks(opened);
  return opened instanceof BodyChunks ? opened : new IterableChunks(opened);
}
