/*
 * The little that the program knows of HTTP: an answer, and a way to get one.
 */
/** An HTTP answer, read to its end. */
export interface Answer {
  readonly status: number;
  /** The content type, in lower case, without parameters; "" when the server gave none. */
  readonly type: string;
  readonly body: Uint8Array;
}

/**
 * Fetches a URL. This is all that the engines ask of an HTTP client.
 *
 * @throws {@link TransferError} when no whole answer came
 */
export type Get = (url: string) => Promise<Answer>;

/** The bare content type of a `content-type` header. */
export function contentType(header: string | null | undefined): string {
  return (header ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

/** Milliseconds that a request may take in all. */
export const patience = 30_000;
