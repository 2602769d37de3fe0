/*
 * The body of a request, ready to be sent: what each kind of body becomes.
 *
 * Made once per call of the session and opened once per sending; so a redirect, a retry or a second
 * round of authentication can send it again, if it is replayable. What may be handed in as a body is
 * in bodyInput.ts and bodyOptions.ts; what an exchange does with one is in upload.ts.
 */

/** A body, ready to be sent. An object of this shape may be given as the option `body`, too. */
export interface RequestBody {
  /** In bytes; null when it is not known, so that it is sent in chunks. */
  readonly length: number | null;
  /** Sent as `content-type` unless the caller gave one; null for none. */
  readonly contentType: string | null;
  /** Sent as `content-encoding`; null, or left out, for none. */
  readonly contentEncoding?: string | null;
  /** Whether it may be opened again: for a redirect, a retry, a connection that was stale. */
  readonly replayable: boolean;
  /**
   * What to send; called once per sending, in the requesting task. An iterable is iterated in that
   * task's async context; its `return` is called when it is not needed to its end, perhaps while a
   * `next` is pending.
   */
  open(): string | Uint8Array | AsyncIterable<Uint8Array>;
  /**
   * The request is over: lets go of what it was made of, if it was never opened. (What was opened is
   * closed by who opened it.) Called once or more.
   */
  discard?(): void;
}
