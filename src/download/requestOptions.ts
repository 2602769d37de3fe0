/*
 * What is said to the client, and to the server, with one request for a file.
 *
 * The bytes are wanted as they are: no coding of the content, which would also make other lengths and
 * ranges of them. Statuses and retries are the engine's to judge, whatever the session is set to.
 */
import type { HeadersInput } from "../http/headers.ts";
import type { RequestOptions } from "../http/requestOptions.ts";
import type { Job } from "./job.ts";

const AS_IT_IS = { "accept-encoding": "identity" } as const;
const BARE: RequestOptions = { headers: AS_IT_IS, retry: null, raiseForStatus: false };

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
