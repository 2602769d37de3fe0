/*
 * The body of a request, read by who stands in for the server: to sign it, to match it, to record it.
 *
 * A cancel ends the wait for a chunk, and closes the body.
 */
import { followed } from "../core/cancellable.ts";
import { UNCERTAIN } from "../core/outside.ts";
import type { RequestBody } from "./requestBody.ts";

/** Calls `use` with each chunk of an opened body, in order. @internal */
export async function eachChunk(
  body: ReturnType<RequestBody["open"]>,
  use: (chunk: string | Uint8Array) => void,
): Promise<void> {
  if (typeof body === "string" || body instanceof Uint8Array) return use(body);
  const chunks = body[Symbol.asyncIterator]();
  let ended = false;
  try {
    while (!ended) {
      const next = await followed(chunks.next(), UNCERTAIN);
      if (next.done === true) ended = true;
      else use(next.value);
    }
  } finally {
    // Not waited for: it may hang behind a `next` that was let go.
    if (!ended) void chunks.return?.().catch(() => undefined);
  }
}

/** The whole body of a request; empty for none. @internal */
export async function sentBody(body: RequestBody | null): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  await eachChunk(body.open(), (chunk) => void chunks.push(Buffer.from(chunk)));
  return new Uint8Array(Buffer.concat(chunks));
}
