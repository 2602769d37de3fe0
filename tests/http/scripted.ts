/*
 * A transport that answers by a function, without a network: for what stands above it, in virtual
 * time.
 */
import type { BodySource, ClientRequest, HeaderRecord, Transport } from "ambit/http";

export interface Scripted {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers?: HeaderRecord;
  readonly text?: string;
}

/** What a request was when it came, as `POST http://h/path`. */
export interface Seen {
  readonly what: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  readonly attempt: number;
  readonly hop: number;
}

/** Answers the n-th request with what the function gives; an error that it throws is thrown. */
export class ScriptedTransport implements Transport {
  readonly seen: Seen[] = [];
  /** Bodies that were let go of. */
  released = 0;
  closed = 0;
  readonly #answer: (seen: Seen, index: number) => Scripted | Promise<Scripted>;

  constructor(answer: (seen: Seen, index: number) => Scripted | Promise<Scripted>) {
    this.#answer = answer;
  }

  /** The requests, as `GET http://h/`. */
  get whats(): string[] {
    return this.seen.map(({ what }) => what);
  }

  async send(request: ClientRequest): ReturnType<Transport["send"]> {
    const { method, url, headers, body, attempt, hop } = request;
    const seen: Seen = {
      what: `${method} ${url.href}`,
      url: url.href,
      headers: Object.fromEntries(headers),
      body: body?.open() ?? null,
      attempt,
      hop,
    };
    this.seen.push(seen);
    const answer = await this.#answer(seen, this.seen.length - 1);
    return {
      status: answer.status ?? 200,
      statusText: answer.statusText ?? "",
      headers: answer.headers ?? {},
      body: this.#body(answer.text ?? ""),
    };
  }

  #body(text: string): BodySource {
    const bytes = new TextEncoder().encode(text);
    let given = false;
    const read = async (): Promise<Uint8Array | null> => {
      if (given) return null;
      given = true;
      return bytes;
    };
    return { done: true, read, readAll: async () => bytes, release: () => void this.released++ };
  }

  close(): void {
    this.closed++;
  }
}
