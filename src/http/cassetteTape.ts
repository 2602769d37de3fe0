/*
 * What is on a cassette while it is used: exchanges, masked, and how often each was replayed.
 */
import { CassetteError } from "./cassetteError.ts";
import {
  bytesOf,
  type RecordedExchange,
  type RecordedRequest,
  type RecordedResponse,
} from "./cassetteFile.ts";
import { CassetteMask } from "./cassetteMask.ts";
import { type CassetteMatch, differences } from "./cassetteMatch.ts";
import type { HeaderRecord } from "./headers.ts";
import type { MockRequest } from "./mockRequest.ts";

interface Recorded {
  readonly exchange: RecordedExchange;
  replayed: number;
}

/** A request while it is recorded, and what came of it so far. @internal */
export interface Take {
  readonly request: RecordedRequest;
  outcome: (() => Omit<RecordedExchange, "request">) | null;
}

/** @internal */
export class CassetteTape {
  readonly #mask: CassetteMask;
  readonly #match: CassetteMatch;
  readonly #recorded: Recorded[];
  readonly #takes: Take[] = [];

  constructor(mask: CassetteMask, match: CassetteMatch, exchanges: readonly RecordedExchange[]) {
    this.#mask = mask;
    this.#match = match;
    this.#recorded = exchanges.map((exchange) => ({ exchange, replayed: 0 }));
  }

  get size(): number {
    return this.#recorded.length + this.#takes.length;
  }

  /** The request as it is kept and compared. */
  masked({ method, url, headers, bytes }: MockRequest): RecordedRequest {
    const type = headers.get("content-type") ?? "";
    return {
      method,
      url: this.#mask.url(url),
      headers: this.#mask.headers(Object.fromEntries(headers)),
      body: this.#mask.body(bytes, type),
    };
  }

  /** Begins to record; the order of the calls is that of the file. */
  begin(request: MockRequest): Take {
    const take: Take = { request: this.masked(request), outcome: null };
    this.#takes.push(take);
    return take;
  }

  /** The answer as it is kept. */
  answer(
    status: number,
    statusText: string,
    headers: HeaderRecord,
    bytes: Uint8Array,
    cut: boolean,
  ): RecordedResponse {
    const type = String(headers["content-type"] ?? "");
    const body = this.#mask.body(bytes, type);
    const kept = { status, statusText, headers: this.#mask.headers(headers), body };
    return cut ? { ...kept, cut } : kept;
  }

  /** All that was answered, with every secret masked wherever it is. */
  recording(): RecordedExchange[] {
    const exchanges = this.#takes.flatMap(({ request, outcome }) =>
      outcome === null ? [] : [{ request, ...outcome() }],
    );
    // Only now all secrets are known.
    return exchanges.map((exchange) => fitted(this.#clean(exchange)));
  }

  #clean<T>(value: T): T {
    return JSON.parse(JSON.stringify(value), (key, each: unknown) =>
      typeof each === "string" && key !== "base64" ? this.#mask.everywhere(each) : each,
    ) as T;
  }

  /**
   * The next answer to a request: the first that was not replayed yet, or the last again.
   * @throws {@link CassetteError} when there is none
   */
  replay(came: MockRequest, repeat: boolean): RecordedExchange {
    const request = this.#clean(this.masked(came));
    const matching = this.#recorded.filter(
      ({ exchange }) => differences(this.#match, request, exchange.request).length === 0,
    );
    const fresh = matching.find(({ replayed }) => replayed === 0);
    const found = fresh ?? (repeat ? matching.at(-1) : undefined);
    if (found === undefined) throw this.#refusal(request, matching.length);
    found.replayed++;
    return found.exchange;
  }

  #refusal(request: RecordedRequest, times: number): CassetteError {
    const what = `${request.method} ${request.url}`;
    if (times > 0) {
      const words = `${times === 1 ? "once" : `${times} times`} and was replayed as often`;
      return new CassetteError(
        `${what} was recorded ${words}: record it anew, or replay with \`repeat: true\``,
      );
    }
    return new CassetteError(`no exchange was recorded for ${what}; ${this.#closest(request)}`);
  }

  #closest(request: RecordedRequest): string {
    let best: { readonly index: number; readonly differing: readonly string[] } | null = null;
    for (const [index, { exchange }] of this.#recorded.entries()) {
      const differing = differences(this.#match, request, exchange.request);
      if (best === null || differing.length < best.differing.length) best = { index, differing };
    }
    if (best === null) return "the cassette is empty";
    const { method, url } = (this.#recorded[best.index] as Recorded).exchange.request;
    const list = best.differing.map((each) => `\n  ${each}`).join("");
    return `the closest is number ${best.index + 1}, ${method} ${url}, which has${list}`;
  }

  /** What was recorded and did not come, as `METHOD url`. */
  unused(): string[] {
    return this.#recorded
      .filter(({ replayed }) => replayed === 0)
      .map(({ exchange: { request } }) => `${request.method} ${request.url}`);
  }
}

/** With the length that the masked body has. */
function fitted(exchange: RecordedExchange): RecordedExchange {
  const { request, response } = exchange;
  if (response?.headers["content-length"] === undefined) return exchange;
  if (response.cut === true || response.body === null) return exchange;
  const length = String(bytesOf(response.body).length);
  return {
    request,
    response: { ...response, headers: { ...response.headers, "content-length": length } },
  };
}
