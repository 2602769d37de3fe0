/*
 * Where the body of a response comes from: the network, a decoder around another source, a mock.
 *
 * One reader at a time. What is read whole may be asked for again; what is read chunk by chunk comes
 * once.
 */
import type { BodySink } from "./bodySink.ts";

/** The source of a response's body. What comes over the network is one. */
export interface BodySource {
  /** True when nothing more will come: the body is all there, failed, or was released. */
  readonly done: boolean;
  /** The next chunk; null after the last. Rejects when the body does not come whole. */
  read(): Promise<Uint8Array | null>;
  /** The whole body; again and again, if it was read in no other way. */
  readAll(): Promise<Uint8Array>;
  /** Hands the chunks to a sink as they come; settles after the last. @internal */
  pour?(sink: BodySink): Promise<void>;
  /** The caller wants no more of it: gives back what it holds. May be called at any time, again too. */
  release(): void;
  /** Like `release`, for who will ask the same server again: a small body may come still. @internal */
  discard?(): void;
  /** Its response was garbage-collected: releases it unless somebody waits for it still. @internal */
  orphan?(): void;
}
