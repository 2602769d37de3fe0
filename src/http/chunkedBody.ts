/*
 * A body in memory as one chunk, for an exchange that must be asked before it sends any of it.
 */
import type { RequestBody } from "./requestBody.ts";

/** The body, opened as an iterable whatever it is. @internal */
export function inChunks(body: RequestBody): RequestBody {
  const { length, contentType, replayable } = body;
  return { length, contentType, replayable, open: () => chunksOf(body.open()) };
}

function chunksOf(
  opened: string | Uint8Array | AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (typeof opened === "string") return oneChunk(Buffer.from(opened));
  return opened instanceof Uint8Array ? oneChunk(opened) : opened;
}

async function* oneChunk(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  if (chunk.length > 0) yield chunk;
}
