/*
 * The network as a transport: a session that does nothing but send, for a cassette to record.
 *
 * It has no cookies, follows no redirects and decodes nothing: whoever stands above it does.
 */
import type { BodySource } from "./bodySource.ts";
import type { ClientRequest } from "./clientRequest.ts";
import type { HeaderRecord } from "./headers.ts";
import type { ClientResponse } from "./response.ts";
import { ClientSession } from "./session.ts";
import type { SessionOptions } from "./sessionOptions.ts";
import type { Transport, TransportResponse } from "./transport.ts";

/** @internal */
export class SessionTransport implements Transport {
  readonly #session: ClientSession;

  constructor(options: SessionOptions) {
    this.#session = new ClientSession({ timeout: Infinity, ...options, ...BARE });
  }

  async send({ method, url, headers, body }: ClientRequest): Promise<TransportResponse> {
    // The answer is to be read by people, so it should not come compressed.
    const plain = new Headers(headers);
    plain.set("accept-encoding", "identity");
    const options = body === null ? { headers: plain } : { headers: plain, body };
    const response = await this.#session.request(method, url, options);
    return { status: response.status, ...headOf(response), body: bodyOf(response) };
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

const BARE = {
  cookies: false,
  decompress: false,
  redirects: false,
  raiseForStatus: false,
  middlewares: [],
} as const satisfies SessionOptions;

function headOf({ statusText, headers }: ClientResponse): {
  statusText: string;
  headers: HeaderRecord;
} {
  const record: Record<string, string | string[]> = Object.fromEntries(headers);
  const set = headers.getSetCookie();
  if (set.length > 0) record["set-cookie"] = set;
  return { statusText, headers: record };
}

function bodyOf(response: ClientResponse): BodySource {
  return {
    done: false,
    read: () => response.read(),
    readAll: () => response.bytes(),
    release: () => response.release(),
    discard: () => response.discard(),
  };
}
