/*
 * Where a body is poured: what takes its chunks as they come, without a wait for each.
 *
 * For who writes much: a chunk is handed over in the callback of the network that brought it, so none
 * is copied, kept or waited for while the sink keeps up.
 */

/** @internal */
export interface BodySink {
  /**
   * Takes a chunk, which is good for the time of this call only. Returns true when it wants no other
   * before `drain`; what it throws ends the body, which it must not release itself.
   */
  push(chunk: Uint8Array): boolean;
  /** Waits until there is room again; false when no more is wanted. */
  drain(): Promise<boolean>;
}
