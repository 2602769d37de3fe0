/*
 * The head of an answer, as it came: what a response is made of, besides the source of its body.
 */
import type { HeaderList, HeaderRecord } from "./headers.ts";

/** Status, headers and where they came from; an exchange is one itself. @internal */
export interface ResponseHead {
  /** The method of the request that was answered. */
  readonly method: string;
  /** The URL that answered, without user info and fragment. Not masked. */
  readonly url: string;
  /** Which attempt of a retry it belongs to; 1 if it is left out. */
  readonly attempt?: number;
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderRecord;
  /** Such as `"1.1"`; undefined where it is not known. */
  readonly httpVersion?: string | undefined;
  /** Names and values by turns, as they came; undefined where only `headers` are known. */
  readonly rawHeaders?: readonly (Uint8Array | string)[] | undefined;
  /** What was sent for it. */
  readonly requestHeaders?: HeaderList;
}
