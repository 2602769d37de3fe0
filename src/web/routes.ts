/*
 * Routes: the words in which routes, middlewares and handlers of exceptions are written down; the base of Application and
 * Blueprint, and what a group is.
 *
 * Strategy: only types and words; what collects is `routeTable.ts`, and the words for single routes are in `verbs.ts`.
 * `Params` is what prefixes hold, `Types` what a program has of parameter types of its own: a handler's request is
 * inferred from them, from its path and from its options.
 */
import { expectFunction } from "../core/arguments.ts";
import type {
  AnyHandler,
  AnyMiddleware,
  ErrorClass,
  ExceptionHandler,
  ExceptionRule,
  Middleware,
} from "./handler.ts";
import type { CleanupContext, Lifecycle, LifecycleListener, LifecycleMoment } from "./lifecycle.ts";
import { type MethodView, type ViewFor, viewHandlers } from "./methodView.ts";
import type { ParameterType } from "./parameters.ts";
import type { PathParams } from "./pathTypes.ts";
import type { Placement } from "./placement.ts";
import type { ServerRequest } from "./request.ts";
import type { RouteEntry } from "./routeEntry.ts";
import type { RouteOptions } from "./routeOptions.ts";
import { RouteTable } from "./routeTable.ts";
import type { Valid } from "./schemas.ts";
import { staticFiles, type StaticOptions } from "./staticFiles.ts";
import { Verbs } from "./verbs.ts";
import { webSocket, type WebSocketHandler } from "./webSocket.ts";
import type { WebSocketOptions } from "./webSocketOptions.ts";

/** Routes that can be put into an application whose state is `App`: theirs may want less. */
export interface Registrable<App> {
  /** Only a type: never there. */
  readonly "~needs"?: (app: App) => void;
  /** @internal */
  readonly table: RouteTable;
}

/**
 * Collects routes and what is around them.
 *
 * A handler gets a request whose types are inferred: what the path holds, what middlewares have added, what was
 * validated.
 */
export class Routes<
  App extends object = object,
  State extends object = object,
  Params = unknown,
  Types extends object = object,
>
  extends Verbs<App, State, Params, Types>
  implements Registrable<App>
{
  /** Only a type: never there. */
  declare readonly "~needs"?: (app: App) => void;
  /** @internal */
  readonly table: RouteTable;

  /** @internal */
  constructor(placement: Placement = {}) {
    super();
    this.table = new RouteTable(placement);
  }

  /**
   * Answers with the methods of a class, see {@link MethodView}.
   * @throws TypeError when it has none
   */
  view<Path extends string, View extends MethodView>(
    path: Path,
    view: new () => View &
      ViewFor<View, ServerRequest<PathParams<Path, Types, Params>, State, App>>,
    options: RouteOptions = {},
  ): this {
    for (const [method, handler] of viewHandlers(view))
      this.addRoute(method, path, [options, handler]);
    return this;
  }

  /** Takes WebSockets: the handler runs for as long as the connection is open. */
  webSocket<Path extends string>(
    path: Path,
    handler: WebSocketHandler<PathParams<Path, Types, Params>, State, App, object, never>,
  ): this;
  webSocket<Path extends string, S extends RouteOptions, const Protocol extends string = never>(
    path: Path,
    options: S & WebSocketOptions<Protocol>,
    handler: WebSocketHandler<PathParams<Path, Types, Params>, State, App, Valid<S>, Protocol>,
  ): this;
  webSocket(path: string, ...rest: readonly unknown[]): this {
    const options = (rest.length > 1 ? rest[0] : {}) as RouteOptions & WebSocketOptions;
    // It lives for as long as both sides want: a deadline is its handler's business.
    const route = { timeout: Infinity, ...options };
    return this.addRoute("GET", path, [route, webSocket(rest.at(-1) as never, options)]);
  }

  /** Serves the files of a folder below that path. */
  static(path: string, folder: string, options: StaticOptions = {}): this {
    const below = path.endsWith("/") ? path : `${path}/`;
    return this.addRoute("GET", `${below}*path`, [{ hidden: true }, staticFiles(folder, options)]);
  }

  /**
   * Puts a middleware around every route here and below, whenever it was added. The first is the outermost.
   * @returns the same object, whose handlers know what the middleware adds
   */
  use<Added extends object>(
    middleware: Middleware<Added, State, App>,
  ): Routes<App, State & Added, Params, Types> {
    this.surround(middleware);
    return this as unknown as Routes<App, State & Added, Params, Types>;
  }

  /** Answers what a handler threw, of that class; what is thrown elsewhere is not its business. */
  exception<E>(type: ErrorClass<E>, handler: ExceptionHandler<E, State, App>): this {
    expectFunction("type", type);
    expectFunction("handler", handler);
    this.table.addException({ type, handle: handler as ExceptionRule["handle"] });
    return this;
  }

  /**
   * Puts the routes of a blueprint below here; again and elsewhere if need be. What is added to it later counts too.
   *
   * @param placement what differs from the blueprint's own: its prefix, its host, its version, its name
   * @throws {@link InvalidStateError} when this would be within itself
   */
  register(blueprint: Registrable<App>, placement: Placement = {}): this {
    this.table.addTable(blueprint.table, placement);
    return this;
  }

  /**
   * Routes below a prefix, with middlewares and handlers of exceptions of their own.
   * @returns the group
   */
  group<Prefix extends string>(
    prefix: Prefix,
    define?: (routes: Routes<App, State, PathParams<Prefix, Types, Params>, Types>) => void,
    placement: Omit<Placement, "urlPrefix"> = {},
  ): Routes<App, State, PathParams<Prefix, Types, Params>, Types> {
    const group = new Routes<App, State, PathParams<Prefix, Types, Params>, Types>({
      ...placement,
      urlPrefix: prefix,
    });
    define?.(group);
    this.table.addTable(group.table);
    return group;
  }

  /**
   * Makes a type of path parameters known, here and below: `/paint/:colour<hex>`.
   *
   * @param name letters, digits and underscores
   * @returns the same object, whose handlers know the type
   * @throws TypeError for a name that is taken
   */
  parameterType<Name extends string, T>(
    name: Name,
    type: ParameterType<T>,
  ): Routes<App, State, Params, Types & Record<Name, ParameterType<T>>> & this {
    this.table.addType(name, type);
    return this;
  }

  /** Called before the application listens, in order. */
  beforeServerStart(listener: LifecycleListener<App>): this {
    return this.#listen("beforeServerStart", listener);
  }

  /** Called when it listens, in order. */
  afterServerStart(listener: LifecycleListener<App>): this {
    return this.#listen("afterServerStart", listener);
  }

  /** Called when it is to stop, while requests are still answered; the last that was added first. */
  beforeServerStop(listener: LifecycleListener<App>): this {
    return this.#listen("beforeServerStop", listener);
  }

  /** Called when all requests and background tasks are over; the last that was added first. */
  afterServerStop(listener: LifecycleListener<App>): this {
    return this.#listen("afterServerStop", listener);
  }

  /** Opens something before the start, and closes it behind its one `yield`, after the stop. */
  cleanupContext(context: CleanupContext<App>): this {
    this.table.lifecycle.addContext(context);
    return this;
  }

  /** Grows with each change: a compiled application looks at it. @internal */
  get revision(): number {
    return this.table.revision;
  }

  /** Every route here and below, with all that is around it. @internal */
  entries(): RouteEntry[] {
    return this.table.entries();
  }

  /** Every lifecycle here and below, this one first. @internal */
  lifecycles(): Lifecycle[] {
    return this.table.lifecycles();
  }

  /** @internal */
  get middlewares(): readonly AnyMiddleware[] {
    return this.table.middlewares;
  }

  /** @internal */
  get exceptions(): readonly ExceptionRule[] {
    return this.table.exceptions;
  }

  /** @internal */
  protected surround(middleware: AnyMiddleware): void {
    expectFunction("middleware", middleware);
    this.table.addMiddleware(middleware);
  }

  #listen(moment: LifecycleMoment, listener: LifecycleListener<App>): this {
    this.table.lifecycle.add(moment, listener);
    return this;
  }

  /** @internal */
  protected override addRoute(method: string, path: string, rest: readonly unknown[]): this {
    const handler = rest.at(-1) as AnyHandler;
    expectFunction("handler", handler);
    const options = (rest.length > 1 ? rest[0] : {}) as RouteOptions;
    this.table.addRoute({ method, path, options, handler });
    return this;
  }
}
