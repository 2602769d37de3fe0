/*
 * HTTP/2 on one connection: many exchanges at a time, on Node's own `http2`.
 *
 * Why not undici's: its client sends one request at a time unless pipelining is raised, holds a POST
 * back while others run, sends running requests again when the server says GOAWAY (a POST, too), and
 * hangs for good after a header that HTTP/2 forbids. Here the rules are RFC 9113's: a server that
 * goes away finishes what it has begun (6.8), what it never saw may be sent elsewhere whatever the
 * method (8.7), and giving one exchange up resets its stream and nothing else.
 * Limits: no server push, no priorities, no CONNECT.
 */
import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Dispatcher } from "undici";
import { nodeHttp2 } from "./nodeTls.ts";
import { Http2Stream } from "./http2Stream.ts";

type Options = Dispatcher.DispatchOptions;
type Handler = Dispatcher.DispatchHandler;

/** How many streams a server takes that has not said (RFC 9113, 6.5.2 asks it to take that many). */
const CAPACITY = 100;
/** What a server may send of one body before it is read, and of all bodies. */
const STREAM_WINDOW = 256 * 1024;
const SESSION_WINDOW = 4 * 1024 * 1024;
/** Megabytes that a session may hold; Node's 10 are few for a hundred paused streams. */
const MEMORY = 256;

/** @internal */
export class Http2Session {
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #origin: string;
  readonly #lost: () => void;
  readonly #keepAliveTimeout: number;
  readonly #streams = new Set<Http2Stream>();
  /** Those that were given up, and that the server counts until it hears of that. */
  readonly #dropped = new Set<Http2Stream>();
  #ended = false;

  /** `lost` is called once, when no request may begin on it any more: it closes, or has closed. */
  constructor(
    origin: string,
    socket: Socket,
    keepAliveTimeout: number,
    maxHeaderSize: number,
    lost: () => void,
  ) {
    this.#socket = socket;
    this.#origin = origin;
    this.#lost = lost;
    this.#keepAliveTimeout = keepAliveTimeout;
    const session = nodeHttp2().connect(origin, {
      createConnection: () => socket,
      maxSessionMemory: MEMORY,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: maxHeaderSize,
      },
    });
    this.#session = session;
    session.once("connect", () => session.setLocalWindowSize(SESSION_WINDOW));
    session.on("goaway", (code, last) => this.#goAway(code, last));
    session.on("error", (error) => this.#fail(error));
    session.on("timeout", () => this.#idle());
    session.on("close", () => this.#close());
    session.unref();
  }

  /** How many exchanges it may serve at a time. */
  get capacity(): number {
    const most = this.#session.remoteSettings?.maxConcurrentStreams ?? CAPACITY;
    // With none allowed, one waits here until the server changes its mind.
    return Math.max(1, Math.min(most, 2 ** 31));
  }

  /** How many exchanges were given up and are not closed yet: Node may reset them after it has begun others. */
  get closing(): number {
    return this.#dropped.size;
  }

  /** Gives an exchange up. */
  drop(controller: Dispatcher.DispatchController, reason: Error): void {
    controller.abort(reason);
    const stream = controller as Http2Stream;
    if (this.#streams.has(stream)) this.#dropped.add(stream);
  }

  dispatch(options: Options, handler: Handler): void {
    // Node 20 fails what runs on a socket that was cut a turn before it says that the session closed.
    if (this.#session.closed) this.#end();
    this.#session.ref();
    this.#session.setTimeout(0);
    const stream = new Http2Stream(this.#origin, options, handler, (ended) => this.#leave(ended));
    this.#streams.add(stream);
    stream.begin(this.#session);
  }

  /** Ends it and all its exchanges at once; settles when its socket has closed. */
  async destroy(reason: Error): Promise<void> {
    const session = this.#session;
    const closed = new Promise<void>((resolve) => {
      if (session.destroyed) resolve();
      else session.once("close", resolve);
    });
    this.#fail(reason);
    session.destroy();
    // One that was closing would wait for the server to close its end.
    this.#socket.destroy();
    await closed;
  }

  #leave(stream: Http2Stream): void {
    this.#streams.delete(stream);
    this.#dropped.delete(stream);
    if (this.#streams.size > 0 || this.#session.destroyed) return;
    this.#session.unref();
    this.#session.setTimeout(this.#keepAliveTimeout);
    // A server that goes away waits for us to close, too.
    if (this.#ended) this.#session.close();
  }

  #idle(): void {
    if (this.#streams.size === 0) this.#session.close();
  }

  /** What the server has not begun it never will; Node has it finish the rest. */
  #goAway(code: number, last: number): void {
    this.#end();
    for (const stream of this.#streams) stream.leftBehind(last, code);
  }

  #fail(error: Error): void {
    this.#end();
    for (const stream of this.#streams) stream.fail(error);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#lost();
  }

  #close(): void {
    this.#fail(Object.assign(new Error("the session was closed"), { code: "UND_ERR_SOCKET" }));
  }
}
