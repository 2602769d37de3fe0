/*
 * MemoryExchange: a request without a socket: a WHATWG `Request` comes, a `Response` goes.
 *
 * For tests, and for runtimes whose servers call `fetch`. Strategy: the answer is given as soon as its head is there; a
 * body that follows is a stream that is read from, with the back-pressure of its reader. Leaving, which a socket shows by
 * closing, is the request's `signal`, or a cancel of the body.
 */
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { ClientDisconnected } from "./errors.ts";
import type { Exchange, Incoming, Peer } from "./exchange.ts";
import { MemoryIncoming } from "./memoryIncoming.ts";

const PEER: Peer = {
  address: "127.0.0.1",
  port: 0,
  localAddress: "127.0.0.1",
  localPort: 0,
  secure: false,
};

/** @internal */
export class MemoryExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly httpVersion = "1.1";
  readonly rawHeaders: readonly string[];
  readonly peer: Peer;
  readonly incoming: Incoming | null;
  readonly upgrade = null;
  headSent = false;
  ended = false;
  bytesSent = 0;
  /** Called when the client has gone. */
  onLeft: (() => void) | null = null;
  /** The answer, once its head is there. */
  readonly response: Promise<Response>;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #drain: Wait<void> | null = null;

  constructor(request: Request) {
    const url = new URL(request.url);
    this.method = request.method;
    this.target = url.pathname + url.search;
    this.rawHeaders = flat(request, url);
    this.peer = url.protocol === "https:" ? { ...PEER, secure: true } : PEER;
    this.incoming = request.body === null ? null : new MemoryIncoming(request);
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  send(status: number, headers: string[], body: string | Uint8Array | null): void {
    if (this.headSent || this.ended) return;
    this.headSent = this.ended = true;
    if (body !== null && this.method !== "HEAD") this.bytesSent = Buffer.byteLength(body);
    const none = body === null || this.method === "HEAD" || bodiless(status);
    this.#resolve(
      new Response(none ? null : (body as string), { status, headers: fields(headers) }),
    );
  }

  begin(status: number, headers: string[]): void {
    if (this.headSent || this.ended) return;
    this.headSent = true;
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#drained(),
        cancel: () => this.left(),
      },
      { highWaterMark: 1 },
    );
    this.#resolve(new Response(stream, { status, headers: fields(headers) }));
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.ended || this.#controller === null) return true;
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : Uint8Array.from(chunk);
    if (bytes.byteLength === 0) return true;
    this.bytesSent += bytes.byteLength;
    this.#controller.enqueue(bytes);
    return (this.#controller.desiredSize ?? 0) > 0;
  }

  drained(): Promise<void> {
    if (this.ended || (this.#controller?.desiredSize ?? 1) > 0) return Promise.resolve();
    return suspend<void, MemoryExchange>(
      (wait, exchange) => {
        exchange.#drain = wait;
        return () => void (exchange.#drain = null);
      },
      this,
      "response.drained",
    );
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.#controller?.close();
  }

  inform(): void {}

  abort(): void {
    if (this.ended) return;
    this.ended = true;
    const error = new ClientDisconnected("the answer was broken off");
    if (this.#controller === null) this.#reject(error);
    else this.#controller.error(error);
  }

  finish(): void {}

  /** The client has gone. */
  left(): void {
    if (this.ended) return;
    this.onLeft?.();
    this.ended = true;
    this.#reject(new ClientDisconnected("the client has left before its request was answered"));
    this.#drained();
  }

  #drained(): void {
    const drain = this.#drain;
    this.#drain = null;
    drain?.resolve();
  }
}

function bodiless(status: number): boolean {
  return status === 101 || status === 204 || status === 205 || status === 304;
}

/** The headers as they'd come over a socket, `host` included. */
function flat(request: Request, url: URL): string[] {
  const raw: string[] = request.headers.has("host") ? [] : ["host", url.host];
  for (const [name, value] of request.headers) raw.push(name, value);
  return raw;
}

function fields(headers: readonly string[]): Headers {
  const all = new Headers();
  for (let at = 0; at < headers.length; at += 2)
    all.append(headers[at] as string, headers[at + 1] as string);
  return all;
}
