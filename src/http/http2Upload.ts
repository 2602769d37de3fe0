/*
 * Sending a request's body on an HTTP/2 stream, no faster than the server takes it.
 */
import type { ClientHttp2Stream } from "node:http2";

type Chunks = AsyncIterable<Uint8Array>;

/**
 * Sends a body and ends the stream; what the body throws aborts the request. The function that is
 * returned stops it, and closes the iterator.
 * @internal
 */
export function sendBody(
  stream: ClientHttp2Stream,
  body: Uint8Array | Chunks,
  controller: { abort(reason: Error): void },
): () => void {
  if (body instanceof Uint8Array) {
    stream.end(body);
    return () => undefined;
  }
  const iterator = body[Symbol.asyncIterator]();
  let stopped = false;
  const stop = (): void => {
    if (stopped) return;
    stopped = true;
    wake?.();
    // It may be in the middle of `next`; then it ends after it, and nobody waits for that.
    iterator.return?.().catch(() => undefined);
  };
  let wake: (() => void) | null = null;
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      stream.once("drain", resolve);
    });
  const send = async (): Promise<void> => {
    for (;;) {
      const { done = false, value } = await iterator.next();
      if (stopped) return;
      if (done) break;
      if (!stream.write(value)) await drained();
    }
    stopped = true;
    stream.end();
  };
  send().catch((error: unknown) => {
    if (stopped) return;
    stopped = true;
    controller.abort(error as Error);
  });
  return stop;
}
