/*
 * Dispatcher: finds out what a request is for, and starts it.
 *
 * Strategy: routes are compiled once into plans; a request costs one look at its head, one at the router and three small
 * objects. What has no route runs through the application's middlewares all the same: logs see it, and CORS answers its
 * preflights. OPTIONS is answered by what is around the path's other methods (RFC 9110, section 9.3.7).
 */
import type { AppContext } from "./appContext.ts";
import type { Exchange } from "./exchange.ts";
import { errorReply } from "./errorPage.ts";
import type { AnyHandler, AnyMiddleware, ExceptionRule } from "./handler.ts";
import type { RequestRefusal } from "./headRules.ts";
import { BadRequest, HttpError, MethodNotAllowed, NotFound } from "./httpError.ts";
import { compose } from "./pipeline.ts";
import type { Plan } from "./plan.ts";
import { empty } from "./replies.ts";
import { RequestRun, type RunHost, type RunPlace } from "./requestRun.ts";
import { ServerRequest } from "./request.ts";
import type { RouteDefaults } from "./routeDefaults.ts";
import type { RouteEntry } from "./routeEntry.ts";
import { Router } from "./router.ts";
import { sendReply } from "./sendReply.ts";
import { parseTarget, type RequestTarget } from "./targetRules.ts";
import { validated } from "./validatedHandler.ts";

/** What is around everything. @internal */
export interface Surroundings {
  readonly middlewares: readonly AnyMiddleware[];
  readonly exceptions: readonly ExceptionRule[];
  readonly defaults: RouteDefaults;
}

/** A connection that starts requests in their turn. @internal */
export interface Starter extends RunPlace {
  begin(run: RequestRun): void;
}

/** A route, compiled. */
interface CompiledRoute extends RouteEntry {
  readonly plan: Plan;
}

/** @internal */
export class Dispatcher {
  readonly router: Router<CompiledRoute>;
  readonly #app: AppContext<never>;
  readonly #host: RunHost;
  readonly #around: Surroundings;

  constructor(
    app: AppContext<never>,
    host: RunHost,
    entries: readonly RouteEntry[],
    around: Surroundings,
  ) {
    this.#app = app;
    this.#host = host;
    this.#around = around;
    this.router = new Router(
      entries.map((entry) => ({ ...entry, plan: planFor(entry, around.defaults) })),
    );
  }

  /** Whether a route takes connections over. */
  get upgrades(): boolean {
    return this.router.entries.some(({ handler }) => "upgrades" in handler);
  }

  accept(exchange: Exchange, starter: Starter, headerCount?: number): void {
    const target = parseTarget(exchange, headerCount);
    if ("refused" in target) return this.#refuse(exchange, target);
    const request = this.#request(exchange, target);
    starter.begin(new RequestRun(this.#host, starter, request, this.#planOf(request, target)));
  }

  #request(exchange: Exchange, { path, search, authority }: RequestTarget): ServerRequest {
    return new ServerRequest({ exchange, app: this.#app, path, search, authority });
  }

  #planOf(request: ServerRequest, { path, authority }: RequestTarget): Plan {
    try {
      const found = this.router.find(request.method, path, authority);
      if (found === null) return this.#without(request.method, path, authority);
      const { plan } = found.entry;
      request.params = found.params as Record<string, string>;
      request.route = plan.route;
      return plan;
    } catch (error) {
      // A path that can't be decoded.
      if (error instanceof BadRequest) return this.#failing(error);
      throw error;
    }
  }

  #without(method: string, path: string, authority: string): Plan {
    const options = method === "OPTIONS";
    if (path === "*") return this.#answering(() => empty({ headers: { allow: EVERY } }));
    const allowed = this.router.allowed(path, authority);
    if (allowed.length === 0) return this.#failing(new NotFound());
    if (!options) return this.#failing(new MethodNotAllowed(allowed));
    const headers = { allow: allowed.join(", ") };
    return this.#answering(() => empty({ headers }), this.#neighbour(allowed, path, authority));
  }

  /** What is around another method of that path: its CORS rules are the path's. */
  #neighbour(allowed: readonly string[], path: string, authority: string): RouteEntry | undefined {
    const method = allowed.find((each) => each !== "OPTIONS" && each !== "HEAD");
    return method === undefined ? undefined : this.router.find(method, path, authority)?.entry;
  }

  #failing(error: HttpError): Plan {
    return this.#answering(() => {
      throw error;
    });
  }

  #answering(handler: AnyHandler, neighbour?: RouteEntry): Plan {
    const { middlewares, exceptions } = neighbour ?? this.#around;
    return {
      ...this.#around.defaults,
      pipeline: compose(middlewares, handler),
      rules: exceptions,
      route: null,
      task: { name: "no route" },
    };
  }

  /** No task, no middlewares: whatever this is, it's no request that anybody should act on. */
  #refuse(exchange: Exchange, { refused, why }: RequestRefusal): void {
    const request = this.#request(exchange, { path: exchange.target, search: "", authority: "" });
    const error = new HttpError(refused, why);
    const reply = errorReply(error, null, { debug: this.#host.debug });
    reply.headers.set("connection", "close");
    void sendReply(request, reply);
    exchange.finish();
    if (!this.#host.records) return;
    const bytes = exchange.bytesSent;
    this.#host.answered({
      request,
      status: refused,
      bytes,
      milliseconds: 0,
      outcome: "finished",
      error,
    });
  }
}

const EVERY = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

function planFor(entry: RouteEntry, defaults: RouteDefaults): Plan {
  const { options, method, path } = entry;
  const handler = validated(entry.handler, options);
  return {
    pipeline: compose(entry.middlewares, handler),
    rules: entry.exceptions,
    route: { method, path, options },
    task: { name: options.name ?? `${method} ${path}`, shows: entry.handler },
    onDisconnect: options.onDisconnect ?? defaults.onDisconnect,
    bodyLimit: options.bodyLimit ?? defaults.bodyLimit,
    bodyTimeout: options.bodyTimeout ?? defaults.bodyTimeout,
    timeout: options.timeout ?? defaults.timeout,
    timeoutStatus: options.timeoutStatus ?? defaults.timeoutStatus,
  };
}
