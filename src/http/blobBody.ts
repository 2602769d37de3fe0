/*
 * A Blob or a File as a body: its length and its type are its own, it is read while it is sent, and
 * can be read again.
 */
import type { RequestBody } from "./requestBody.ts";
import { WebStreamChunks } from "./streamChunks.ts";

/** @internal */
export function blobBody(blob: Blob, fallbackType: string | null): RequestBody {
  return {
    length: blob.size,
    contentType: blob.type === "" ? fallbackType : blob.type,
    replayable: true,
    open: () => new WebStreamChunks(blob.stream()),
  };
}
