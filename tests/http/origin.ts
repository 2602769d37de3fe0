/*
 * A server on a real socket of 127.0.0.1 that remembers what it saw: what the tests of the client
 * measure against.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createRawServer, type Socket } from "node:net";

export type Answer = (request: IncomingMessage, answer: ServerResponse) => void;

/**
 * Waits, a turn of the event loop at a time, until something holds; gives the milliseconds that
 * took.
 */
export async function until(holds: () => boolean, patience = 10_000): Promise<number> {
  const begin = performance.now();
  while (!holds()) {
    if (performance.now() - begin > patience) throw new Error(`still not so: ${holds.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return performance.now() - begin;
}

function listen(server: Server | ReturnType<typeof createRawServer>): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

/** An HTTP server. Unless told otherwise it answers `hello` and the path. */
export class Origin implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  url = "";
  /** Requests that came, as `GET /path`. */
  readonly seen: string[] = [];
  /** Requests whose connection was closed before they were answered, in that order. */
  readonly aborted: string[] = [];
  /** Requests being answered now, and the most there ever were at a time. */
  open = 0;
  most = 0;
  /** Connections that were ever made. */
  connections = 0;
  /** Connections there are now. */
  get connected(): number {
    return this.#sockets.size;
  }

  private constructor(answer: Answer) {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#note(request, response);
      answer(request, response);
    });
    this.#server.on("connection", (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(answer: Answer = hello): Promise<Origin> {
    const origin = new Origin(answer);
    origin.url = await listen(origin.#server);
    return origin;
  }

  #note(request: IncomingMessage, response: ServerResponse): void {
    const what = `${request.method} ${request.url}`;
    this.seen.push(what);
    this.most = Math.max(this.most, ++this.open);
    response.on("close", () => {
      this.open--;
      if (!response.writableFinished) this.aborted.push(what);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function hello(request: IncomingMessage, answer: ServerResponse): void {
  answer.end(`hello ${request.url}`);
}

/**
 * Answers `/hang…` never, `/half…` with the head and a byte of the body, everything else with
 * hello.
 */
export function hangs(request: IncomingMessage, answer: ServerResponse): void {
  if (request.url?.startsWith("/hang") === true) return;
  if (request.url?.startsWith("/half") === true) answer.write("x");
  else hello(request, answer);
}

/** A server that is not bound by HTTP: it does to a connection whatever it likes. */
export class RawOrigin implements AsyncDisposable {
  readonly #server: ReturnType<typeof createRawServer>;
  readonly #sockets = new Set<Socket>();
  url = "";

  private constructor(greet: (socket: Socket) => void) {
    this.#server = createRawServer((socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
      greet(socket);
    });
  }

  /** What to do with a connection when it is made. */
  static async accept(greet: (socket: Socket) => void): Promise<RawOrigin> {
    const origin = new RawOrigin(greet);
    origin.url = await listen(origin.#server);
    return origin;
  }

  /** What to do with a connection when the first bytes of a request have come over it. */
  static start(onRequest: (socket: Socket) => void): Promise<RawOrigin> {
    return RawOrigin.accept((socket) => socket.once("data", () => onRequest(socket)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The URL of a port of 127.0.0.1 that nobody listens on. */
export async function closedPort(): Promise<string> {
  const origin = await RawOrigin.start(() => undefined);
  await origin[Symbol.asyncDispose]();
  return origin.url;
}
