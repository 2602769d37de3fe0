/*
 * DrainOptions: how long a server that is about to stop waits for what.
 */

/** How long to wait for what. */
export interface DrainOptions {
  /** For running requests, in milliseconds; then they are cancelled. Default: the server's `drainTimeout`. */
  readonly timeout?: number;
  /** For who sends requests to see that the server is not ready, in milliseconds. Default: the server's `lameDuck`. */
  readonly lameDuck?: number;
  /**
   * For connections that have nothing to do, in milliseconds, once it listens no more: a request may be on its way on
   * them, and the answer to that is their last. They are closed then. Part of `timeout`; default 0: they are closed at
   * once.
   */
  readonly idleGrace?: number;
}
