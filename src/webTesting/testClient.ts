/*
 * testClient: a client for the tests of an application, in memory or over a socket, with the same surface.
 *
 * Strategy: a session of `ambit/http`, whose requests go to the application: by a transport in memory, which virtual
 * time passes through, or to a port that it listens on. The application is started before, with its listeners and
 * cleanup contexts, and stopped when the client is closed. What differs between the two ways is what a socket does.
 */
import { outOfRange, wrongType } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { protect } from "../core/shield.ts";
import type { ClientRequest } from "../http/clientRequest.ts";
import { CookieJar } from "../http/cookieJar.ts";
import type { Middleware } from "../http/middleware.ts";
import type { RequestOptions } from "../http/requestOptions.ts";
import type { ClientResponse } from "../http/response.ts";
import { ClientSession } from "../http/session.ts";
import type { SessionOptions } from "../http/sessionOptions.ts";
import type { ClientWebSocket } from "../http/webSocket.ts";
import type { WebSocketOptions } from "../http/webSocketOptions.ts";
import type { AnswerListener } from "../web/answerRecord.ts";
import { Application } from "../web/application.ts";
import type { Peer } from "../web/exchange.ts";
import type { RunningApplication } from "../web/runningApplication.ts";
import type { ServerOptions } from "../web/serverOptions.ts";
import { MemoryTransport } from "./memoryTransport.ts";
import { ServerFailures } from "./serverFailures.ts";

/** How requests get to the application. */
export type ClientMode = "memory" | "socket";

/** An `Application`, whatever its state. */
export interface AnyApplication {
  startup(): Promise<RunningApplication>;
  start(options?: ServerOptions): Promise<RunningApplication>;
  onAnswer(listener: AnswerListener): unknown;
}

/** How a test client is made. */
export interface TestClientOptions {
  /**
   * `memory` (default): without a socket, also in virtual time. `socket`: over a port of 127.0.0.1, with all that
   * node:http does, and WebSockets.
   */
  readonly mode?: ClientMode;
  /**
   * Whether a request throws what its handler threw, in place of the answer of 500 that a visitor would get. Default
   * true, as in starlette.
   */
  readonly raiseServerExceptions?: boolean;
  /** In memory, what relative URLs are resolved against; its path must end in `/`. Default `http://localhost/`. */
  readonly baseUrl?: string;
  /** In memory, who is at the client's end of the connection. Default 127.0.0.1. */
  readonly peer?: Partial<Peer>;
  /** Over a socket, how the application listens. Default: a free port of 127.0.0.1. */
  readonly server?: ServerOptions;
  /** Headers, authentication, redirects and the rest of the session. Default: no timeouts. */
  readonly session?: Omit<SessionOptions, "baseUrl" | "transport">;
}

const LOCAL: Peer = {
  address: "127.0.0.1",
  port: 50_000,
  localAddress: "127.0.0.1",
  localPort: 80,
  secure: false,
};

/**
 * Starts an application and gives a client for it. Its cookies are kept, Secure ones too; redirects are followed.
 *
 * **Cancellation:** what was started is stopped.
 *
 * @throws what a listener or a cleanup context of the application throws
 * @throws {@link InvalidStateError} when the application runs already
 *
 * @example
 * ```ts
 * import { Application } from "ambit/web";
 * import { testClient } from "ambit/web/testing";
 *
 * const app = new Application();
 * app.get("/hello/:name", ({ params }) => ({ hello: params.name }));
 * await using client = await testClient(app);
 * const response = await client.get("/hello/Ada");
 * [response.status, await response.json()]; // => [200, { hello: "Ada" }]
 * ```
 */
export async function testClient(
  app: AnyApplication,
  options: TestClientOptions = {},
): Promise<TestClient> {
  const { mode = "memory", server } = options;
  if (mode !== "memory" && mode !== "socket")
    throw outOfRange("options.mode", "`memory` or `socket`", mode);
  if (!(app instanceof Application)) throw wrongType("app", "an Application", app);
  const application: Application = app;
  // Before the start: a session that can't be made must not leave one running.
  const trial = new ClientSession({ ...options.session });
  await trial.close();
  const running =
    mode === "memory"
      ? await application.startup()
      : await application.start({ port: 0, ...server });
  try {
    return new TestClient(application, running, mode, options);
  } catch (error) {
    await running.close();
    throw error;
  }
}

/** A client of one application; made by {@link testClient}. */
export class TestClient implements AsyncDisposable {
  /** How requests get there. */
  readonly mode: ClientMode;
  /** What relative URLs are resolved against. */
  readonly baseUrl: string;
  /** The session behind it. */
  readonly session: ClientSession;
  /** The application, running. */
  readonly running: RunningApplication;

  /** @internal */
  constructor(
    app: Application,
    running: RunningApplication,
    mode: ClientMode,
    options: TestClientOptions,
  ) {
    const failures = (options.raiseServerExceptions ?? true) ? ServerFailures.of(app) : null;
    this.mode = mode;
    this.running = running;
    this.baseUrl = mode === "socket" ? `${running.url}/` : (options.baseUrl ?? "http://localhost/");
    const inMemory = mode === "memory";
    const peer = { ...LOCAL, secure: this.baseUrl.startsWith("https:"), ...options.peer };
    const { middlewares = [], ...rest } = options.session ?? {};
    const raising = inMemory || failures === null ? [] : [raiser(failures)];
    this.session = new ClientSession({
      timeout: Infinity,
      cookieJar: new CookieJar({ unsafe: true, treatAsSecureOrigin: this.baseUrl }),
      ...rest,
      baseUrl: this.baseUrl,
      // Innermost: it judges what came, not what other middlewares make of it.
      middlewares: [...middlewares, ...raising],
      ...(inMemory ? { transport: new MemoryTransport(app, peer, failures) } : {}),
    });
  }

  /** `request` with GET. */
  get(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.session.get(url, options);
  }

  /** `request` with HEAD. */
  head(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.session.head(url, options);
  }

  /** `request` with OPTIONS. */
  options(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.session.options(url, options);
  }

  /** `request` with POST. */
  post(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.session.post(url, options);
  }

  /** `request` with PUT. */
  put(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.session.put(url, options);
  }

  /** `request` with PATCH. */
  patch(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.session.patch(url, options);
  }

  /** `request` with DELETE. */
  delete(url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.session.delete(url, options);
  }

  /**
   * Sends a request; gives the answer when its head is there.
   *
   * **Cancellation:** the client leaves: the request's task is cancelled, as its route says.
   *
   * @param url a path, or whole
   * @throws what the handler threw, with `raiseServerExceptions`
   * @throws as `ClientSession.request` of `ambit/http` does
   */
  request(method: string, url: string | URL, options?: RequestOptions): Promise<ClientResponse> {
    return this.session.request(method, url, options);
  }

  /**
   * Opens a WebSocket.
   *
   * **Cancellation:** the connection is closed.
   *
   * @throws {@link InvalidStateError} in memory, where there is no connection to take over
   * @throws as `ClientSession.wsConnect` of `ambit/http` does
   */
  async webSocket(url: string | URL, options?: WebSocketOptions): Promise<ClientWebSocket> {
    if (this.mode === "memory")
      throw new InvalidStateError(
        'webSocket on a test client in memory: make it with `mode: "socket"`',
      );
    return this.session.wsConnect(url, options);
  }

  /**
   * Closes the session and stops the application: requests that are under way are cancelled and waited for. May be called
   * again.
   *
   * **Cancellation:** it stops all the same, and is waited for.
   */
  async close(): Promise<void> {
    try {
      await this.session.close();
    } finally {
      await protect(() => this.running.close());
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  [INSPECT](): string {
    return `<TestClient ${this.mode} ${this.baseUrl}>`;
  }
}

/** Over a socket: the server has told before its answer is here. */
function raiser(failures: ServerFailures): Middleware {
  return async (request: ClientRequest, next) => {
    const { method, url } = request;
    const response = await next(request);
    if (response.status < 500) return response;
    const error = failures.takeFor(method, url.pathname + url.search);
    if (error === undefined) return response;
    response.release();
    // oxlint-disable-next-line typescript/only-throw-error -- Whatever it is, it is what was thrown.
    throw error;
  };
}
