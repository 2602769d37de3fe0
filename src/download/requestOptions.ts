/*
 * What is said to the client, and to the server, with one request for a file.
 *
 * The bytes are wanted as they are: no coding of the content, which would also make other lengths and
 * ranges of them. A server that compresses nevertheless has sent another representation, and that is
 * what is kept, byte for byte: its Content-Length, its ETag and its ranges are of those bytes (RFC
 * 9110, 8.4), so what comes can be counted and gone on with. It is not decoded, whatever the session
 * is set to; nor are statuses and retries the session's to judge.
 */
import type { HeadersInput } from "../http/headers.ts";
import type { RequestOptions } from "../http/requestOptions.ts";
import type { Job } from "./job.ts";

const AS_IT_IS = { "accept-encoding": "identity" } as const;
const BARE: RequestOptions = {
  headers: AS_IT_IS,
  decompress: false,
  retry: null,
  raiseForStatus: false,
};

/**
 * @param from the first byte that is wanted, if part of the file is there
 * @param to the end, exclusive; null for the file's
 * @internal
 */
export function requestOptions(job: Job, from: number, to: number | null): RequestOptions {
  const { headers, partial, condition } = job;
  if (headers === null && partial === null && condition === null) return BARE;
  return {
    ...BARE,
    headers: {
      ...AS_IT_IS,
      ...(headers === null ? undefined : inLowerCase(headers)),
      ...condition,
      ...(partial === null
        ? undefined
        : {
            range: `bytes=${from}-${to === null ? "" : to - 1}`,
            "if-range": partial.validator,
          }),
    },
  };
}

/** One of each name, so that what is added here takes the place of what the caller wrote. */
function inLowerCase(headers: HeadersInput): Record<string, string> {
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}
