/*
 * The little that the program knows of HTTP: an answer, and a way to get one.
 */
/** An HTTP answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * Fetches a URL. This is all that the engines ask of an HTTP client.
 *
 * @throws {@link TransferError} when no whole answer came
 */
export type Get = (url: string) => Promise<Answer>;

/** Milliseconds that a request may take in all. */
export const patience = 30_000;
