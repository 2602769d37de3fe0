/**
 * An exchange that plays a request and records its answer: no socket, no server; runs in virtual time.
 *
 * `new FakeExchange({ method, target, headers, body })` plays; `.status`, `.header(name)`, `.text`, `.informed`,
 * `.aborted`, `.log` tell what was answered. `fakeRequest(init)` wraps one in a ServerRequest with a small app.
 */
import { createTask, InvalidStateError, sleep, suspend, type Wait } from "ambit";
import {
  type AppContext,
  type Exchange,
  type Incoming,
  PayloadTooLarge,
  type Peer,
  ServerRequest,
  type Upgrade,
} from "ambit/web";

export type FakeHeaders = readonly string[] | Readonly<Record<string, string | readonly string[]>>;

export interface FakeInit {
  /** Default: GET, or POST when there is a body. */
  readonly method?: string;
  /** Default: `/`. */
  readonly target?: string;
  readonly httpVersion?: string;
  /** Flat, or by name. A `host: test.example` is added to those given by name. */
  readonly headers?: FakeHeaders;
  /** The body, as a whole or in pieces; each piece is one `read`. */
  readonly body?: string | Uint8Array | Iterable<string | Uint8Array>;
  /** Milliseconds before each piece, and before the end. */
  readonly pieceDelay?: number;
  /** After the last piece the client is gone: `read` throws this (`true`: an ECONNRESET). */
  readonly brokenOff?: boolean | Error;
  /** What was announced. Default: the length of the body; null for a chunked one. */
  readonly length?: number | null;
  readonly trailers?: readonly string[];
  readonly upgrade?: Upgrade;
  readonly peer?: Partial<Peer>;
  /** The client takes nothing: each `write` gives false, until `takeAll()` is called. */
  readonly slow?: boolean;
}

const PEER: Peer = {
  address: "192.0.2.1",
  port: 50_000,
  localAddress: "192.0.2.80",
  localPort: 80,
  secure: false,
};

/** Plays a request; records the answer. */
export class FakeExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
  readonly peer: Peer;
  readonly incoming: FakeIncoming | null;
  readonly upgrade: Upgrade | null;
  headSent = false;
  ended = false;
  bytesSent = 0;

  /** What was done, in order: `send 200`, `begin 200`, `write 5`, `end`, `inform 103`, `abort`. */
  readonly log: string[] = [];
  /** The status of the answer; 0 while there is none. */
  status = 0;
  /** The headers of the answer, flat, as they were handed over. */
  headers: string[] = [];
  /** The pieces of the body of the answer. */
  readonly pieces: Uint8Array[] = [];
  trailersSent: readonly string[] = [];
  readonly informed: { readonly status: number; readonly headers: string[] }[] = [];
  aborted = false;
  readonly #slow: boolean;
  #behind = false;
  readonly #waiting = new Set<Wait<void>>();

  constructor(init: FakeInit = {}) {
    this.method = init.method ?? (init.body === undefined ? "GET" : "POST");
    this.target = init.target ?? "/";
    this.httpVersion = init.httpVersion ?? "1.1";
    this.rawHeaders = flat(init.headers ?? {});
    this.peer = { ...PEER, ...init.peer };
    this.incoming = init.body === undefined ? null : new FakeIncoming(init);
    this.upgrade = init.upgrade ?? null;
    this.#slow = init.slow ?? false;
  }

  /** The value of a header of the answer; several are joined by `, `; null without one. */
  header(name: string): string | null {
    const values = this.headers.filter(
      (_, at) => at % 2 === 1 && this.headers[at - 1]?.toLowerCase() === name.toLowerCase(),
    );
    return values.length === 0 ? null : values.join(", ");
  }

  /** The body of the answer. */
  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }

  get text(): string {
    return this.bytes.toString();
  }

  get json(): unknown {
    return JSON.parse(this.text);
  }

  send(status: number, headers: string[], body: string | Uint8Array | null): void {
    this.#head("send", status, headers);
    if (body !== null) this.#take(body);
    this.ended = true;
  }

  begin(status: number, headers: string[]): void {
    this.#head("begin", status, headers);
  }

  write(chunk: string | Uint8Array): boolean {
    if (!this.headSent) throw new InvalidStateError("write before begin");
    if (this.aborted) return true;
    if (this.ended) throw new InvalidStateError("write after end");
    this.log.push(`write ${this.#take(chunk)}`);
    this.#behind = this.#slow;
    return !this.#behind;
  }

  drained(): Promise<void> {
    return suspend<void, FakeExchange>((wait) => {
      if (!this.#behind) return void wait.resolve();
      this.#waiting.add(wait);
      return () => void this.#waiting.delete(wait);
    }, this);
  }

  /** The client takes what was written. */
  takeAll(): void {
    this.#behind = false;
    for (const wait of this.#waiting) wait.resolve();
    this.#waiting.clear();
  }

  end(trailers: readonly string[] = []): void {
    if (!this.headSent) throw new InvalidStateError("end before begin");
    if (this.aborted) return;
    if (this.ended) throw new InvalidStateError("end after end");
    this.log.push("end");
    this.trailersSent = trailers;
    this.ended = true;
  }

  inform(status: number, headers: string[]): void {
    if (this.headSent) throw new InvalidStateError("inform after the head");
    this.log.push(`inform ${status}`);
    this.informed.push({ status, headers });
  }

  finish(): void {}

  abort(): void {
    this.log.push("abort");
    this.aborted = true;
    this.ended = true;
    this.takeAll();
  }

  #head(how: string, status: number, headers: string[]): void {
    if (this.headSent) throw new InvalidStateError(`${how} after the head`);
    this.log.push(`${how} ${status}`);
    this.headSent = true;
    this.status = status;
    this.headers = headers;
  }

  #take(chunk: string | Uint8Array): number {
    const piece = typeof chunk === "string" ? Buffer.from(chunk) : Buffer.from(chunk);
    this.pieces.push(piece);
    this.bytesSent += piece.length;
    return piece.length;
  }
}

/** Plays the body of a request. */
export class FakeIncoming implements Incoming {
  readonly length: number | undefined;
  trailers: readonly string[] = [];
  /** How many pieces were read so far. */
  reads = 0;
  readonly #pieces: Uint8Array[];
  readonly #init: FakeInit;
  #limit = Infinity;
  #read = 0;

  constructor(init: FakeInit) {
    this.#init = init;
    const { body = "" } = init;
    const whole = typeof body === "string" || body instanceof Uint8Array;
    this.#pieces = [...(whole ? [body] : body)].map((piece) => Buffer.from(piece as Uint8Array));
    if (whole && body.length === 0) this.#pieces = [];
    const total = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
    this.length = init.length === null ? undefined : (init.length ?? total);
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#init.pieceDelay !== undefined) await sleep(this.#init.pieceDelay);
    const piece = this.#pieces.shift();
    if (piece === undefined) return this.#end();
    this.reads++;
    this.#read += piece.length;
    if (this.#read > this.#limit) throw new PayloadTooLarge(this.#limit);
    return piece;
  }

  /** Piece by piece: a cancel keeps what was not read yet, and loses the rest, as the interface allows. */
  async readAll(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let piece = await this.read(); piece !== null; piece = await this.read())
      pieces.push(piece);
    return Buffer.concat(pieces);
  }

  limit(bytes: number): void {
    this.#limit = bytes;
    if ((this.length ?? 0) > bytes) throw new PayloadTooLarge(bytes);
  }

  #end(): null {
    const { brokenOff = false } = this.#init;
    if (brokenOff instanceof Error) throw brokenOff;
    if (brokenOff) throw Object.assign(new Error("aborted"), { code: "ECONNRESET" });
    this.trailers = this.#init.trailers ?? [];
    return null;
  }
}

/** An application of nothing but a state. */
export function fakeApp<State = object>(over: Partial<AppContext<State>> = {}): AppContext<State> {
  return {
    state: {} as State,
    debug: false,
    stopping: false,
    proxies: null,
    urlFor: (name) => `/${name}`,
    addTask: (body, options) => createTask(body, options),
    dispatch: () => Promise.resolve(),
    ...over,
  };
}

/** A request over a {@link FakeExchange}: `request.exchange as FakeExchange` has what was answered. */
export function fakeRequest(
  init: FakeInit = {},
  app: AppContext<never> = fakeApp<never>(),
): ServerRequest {
  const exchange = new FakeExchange(init);
  const [path = "/", search = ""] = exchange.target.split(/\?(.*)/s);
  const authority = new Map(pairs(exchange.rawHeaders)).get("host") ?? "";
  return new ServerRequest({ exchange, app, path, search, authority });
}

function flat(headers: FakeHeaders): readonly string[] {
  if (Array.isArray(headers)) return headers as string[];
  const all = { host: "test.example", ...(headers as Record<string, string | string[]>) };
  return Object.entries(all).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => [name, each]),
  );
}

function* pairs(raw: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at < raw.length; at += 2)
    yield [(raw[at] as string).toLowerCase(), raw[at + 1] as string];
}
