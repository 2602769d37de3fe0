/*
 * One connection: the socket that is opened for it, and what is spoken over it.
 *
 * HTTP/1.1 is spoken by an undici Client that is given the socket when it is open, and serves one
 * request at a time. Undici takes the next one at once when an answer has come, and sends it a turn
 * of the event loop later; if the server has closed the socket meanwhile, the request comes back
 * unsent. HTTP/2 is spoken by a session that serves many at a time.
 * Strategy: on HTTP/1.1 a request that is given up takes its connection with it, so nothing of it can
 * reach the next one. The exception is a request that undici has not begun to send: that is refused
 * when its turn comes. On HTTP/2 its stream is reset, and nothing else.
 * While the socket opens, one request waits for it; where HTTP/2 is offered, several may.
 */
import type { Socket } from "node:net";
import type { buildConnector, Client, Dispatcher } from "undici";
import { Http2Session } from "./http2Session.ts";
import { LendingSocket } from "./lendingSocket.ts";
import { type OpeningError, UnsentError } from "./openingError.ts";
import { ReadGate } from "./readGate.ts";
import type { Route } from "./route.ts";
import { type OpeningTools, SocketOpening } from "./socketOpening.ts";
import type { TraceSink } from "./tracing.ts";
import { undici } from "./undici.ts";

type Options = Dispatcher.DispatchOptions;
type Handler = Dispatcher.DispatchHandler;

/** The reason that undici is given for ending what it does; nobody gets to see it. @internal */
export const ENDED: Error = new Error("ended by ambit");

/** How much sooner than the server an idle connection is closed, in milliseconds. */
const SPARE = 1000;
/** The session's own clock spans head and body; undici's two would cost timers for nothing. */
const PATIENT = { headersTimeout: 0, bodyTimeout: 0 };

/** The pool, as its connections know it. @internal */
export interface ConnectionOwner {
  /** It is open, or it will not be. */
  opened(connection: Connection): void;
  /** It is of no use to a further request; one that has it hears of that from the connection. */
  lost(connection: Connection): void;
}

/** @internal */
export class Connection {
  readonly route: Route;
  /** True once it has served a request. */
  used = false;
  /** Requests that have it. */
  load = 0;
  /** False from when no further request may have it. */
  usable = true;
  readonly #tools: OpeningTools;
  readonly #owner: ConnectionOwner;
  #opening: SocketOpening | null;
  readonly #waiting = new Map<Handler, Options>();
  /** Open, and not yet in undici's hands. */
  #socket: Socket | null = null;
  /** In undici's hands. */
  #speaking: Socket | null = null;
  #client: Client | null = null;
  #session: Http2Session | null = null;
  #connected = false;
  #gate: ReadGate | null = null;
  #destroyed: Promise<void> | null = null;

  constructor(
    route: Route,
    tools: OpeningTools,
    owner: ConnectionOwner,
    patience: number,
    trace: TraceSink | null,
    protocols: readonly string[],
  ) {
    this.route = route;
    this.#tools = tools;
    this.#owner = owner;
    trace?.connectionCreateStart(route.origin);
    const bare = !route.secure && route.proxy === null;
    const plan = { route, tunnelled: false, protocols, patience, trace, bare };
    this.#opening = new SocketOpening(tools, plan, (error, socket) => {
      this.#opening = null;
      if (error !== null) return this.#failed(error);
      trace?.connectionCreateEnd(route.origin);
      this.#opened(socket as Socket);
    });
  }

  /** True while its socket is being opened. */
  get opening(): boolean {
    return this.#opening !== null;
  }

  /** True when it speaks HTTP/2. */
  get multiplexed(): boolean {
    return this.#session !== null;
  }

  get httpVersion(): string {
    return this.#session === null ? "1.1" : "2";
  }

  /** The socket that HTTP/1.1 is spoken over; null before it is, and over HTTP/2. */
  get socket(): Socket | null {
    return this.#speaking;
  }

  /** True when a further request may have it at the same time, as far as is known. */
  get roomy(): boolean {
    if (!this.usable) return false;
    if (this.#session === null) return this.#opening !== null;
    return this.load + this.#session.closing < this.#session.capacity;
  }

  dispatch(options: Options, handler: Handler): void {
    if (this.#client !== null) {
      this.hold(false);
      if (this.#speaking instanceof LendingSocket) this.#speaking.lending = false;
      this.#client.dispatch(this.#adapted(options), handler);
    } else if (this.#session !== null) this.#session.dispatch(options, handler);
    else if (this.#opening !== null) this.#waiting.set(handler, options);
    else handler.onResponseError?.(null as never, new UnsentError("it did not open", false));
  }

  hold(paused: boolean): void {
    if (this.#gate !== null) this.#gate.shut = paused;
  }

  /** Has what comes of the answer lent for the time of the callback, where that can be; says whether. */
  lend(): boolean {
    const socket = this.#speaking;
    if (!(socket instanceof LendingSocket)) return false;
    socket.lending = true;
    return true;
  }

  /** Lets a request go that was given up; true when the connection may serve others. */
  drop(handler: Handler, controller: Dispatcher.DispatchController | null): boolean {
    if (this.#session !== null) {
      if (controller !== null) this.#session.drop(controller, ENDED);
      return true;
    }
    this.#waiting.delete(handler);
    if (this.#opening !== null) return this.#waiting.size > 0;
    // Not begun on a connection that others have used: undici has it queued for the next turn.
    return controller === null && this.#connected;
  }

  /** Ends it at once; settles when its socket has closed, for everybody who ends it. */
  destroy(): Promise<void> {
    this.#destroyed ??= this.#destroy();
    return this.#destroyed;
  }

  async #destroy(): Promise<void> {
    this.usable = false;
    const opening = this.#opening;
    this.#opening = null;
    this.#socket?.destroy();
    await Promise.all([
      opening?.destroy(),
      this.#session?.destroy(ENDED),
      this.#client?.destroy(ENDED),
    ]);
  }

  #failed(error: OpeningError): void {
    this.usable = false;
    this.#owner.opened(this);
    for (const handler of this.#takeWaiting().keys())
      handler.onResponseError?.(null as never, error);
  }

  #opened(socket: Socket): void {
    const { alpnProtocol } = socket as Socket & { alpnProtocol?: string | false };
    this.#connected = true;
    if (alpnProtocol === "h2") this.#speakHttp2(socket);
    else this.#speakHttp1(socket);
  }

  #speakHttp2(socket: Socket): void {
    const { keepAliveTimeout, maxHeaderSize } = this.#tools.settings;
    this.#session = new Http2Session(
      this.route.origin,
      socket,
      keepAliveTimeout,
      maxHeaderSize,
      () => this.#lose(),
    );
    this.#owner.opened(this);
    for (const [handler, options] of this.#takeWaiting()) this.#session.dispatch(options, handler);
  }

  #speakHttp1(socket: Socket): void {
    const { keepAliveTimeout, maxHeaderSize, forceClose } = this.#tools.settings;
    this.#socket = socket;
    const connect: buildConnector.connector = (_, callback) => this.#hand(callback);
    this.#client = new (undici().Client)(this.route.origin, {
      ...PATIENT,
      connect,
      maxHeaderSize,
      keepAliveTimeout,
      keepAliveMaxTimeout: keepAliveTimeout,
      keepAliveTimeoutThreshold: SPARE,
      pipelining: forceClose ? 0 : 1,
    });
    this.#client.on("disconnect", () => {
      this.#connected = false;
      this.#lose();
    });
    this.#owner.opened(this);
    const [first, ...others] = this.#takeWaiting();
    // There is room for one; the others had hoped for HTTP/2.
    for (const [handler] of others)
      handler.onResponseError?.(null as never, new UnsentError("it speaks HTTP/1.1", true));
    if (first !== undefined) this.dispatch(first[1], first[0]);
  }

  /** Gives undici the socket, once; a client that has lost it has nothing more to send. */
  #hand(callback: buildConnector.Callback): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#speaking = socket;
    if (socket !== null && !(socket instanceof LendingSocket)) this.#gate = new ReadGate(socket);
    // Undici asks in the middle of something, and goes on only with an answer that comes later.
    queueMicrotask(() => {
      if (socket === null) callback(new UnsentError("its socket has closed", false), null);
      else callback(null, socket);
    });
  }

  #takeWaiting(): Map<Handler, Options> {
    const waiting = new Map(this.#waiting);
    this.#waiting.clear();
    return waiting;
  }

  #lose(): void {
    this.usable = false;
    this.#owner.lost(this);
  }

  #adapted(options: Options): Options {
    const { proxy, forwarded, origin, secure } = this.route;
    // Undici would open another connection for a server name of its own, taken from the host header.
    if (secure) (options as { servername?: string }).servername = this.route.hostname;
    if (proxy === null || !forwarded) return options;
    const headers = options.headers as readonly string[];
    return { ...options, path: origin + options.path, headers: [...headers, ...proxy.headers] };
  }
}
