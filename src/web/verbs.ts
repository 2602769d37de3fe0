/*
 * Verbs: the words for a route, one for each method of HTTP; what Routes, and with it applications, blueprints and groups,
 * begin with.
 *
 * Strategy: nothing but types. Each word has two forms, without and with options, and a handler's request is inferred from
 * the path, from the prefixes above it (`Params`), from the program's own parameter types (`Types`) and from the options.
 */
import type { Handler } from "./handler.ts";
import type { PathParams } from "./pathTypes.ts";
import type { RouteOptions } from "./routeOptions.ts";
import type { Valid } from "./schemas.ts";

/** The methods of HTTP, as words that take a path and a handler. */
export abstract class Verbs<
  App extends object,
  State extends object,
  Params,
  Types extends object,
> {
  /** @internal */
  protected abstract addRoute(method: string, path: string, rest: readonly unknown[]): this;

  /** Answers GET, and HEAD where no route does. */
  get<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  get<Path extends string, S extends RouteOptions>(
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  get(path: string, ...rest: readonly unknown[]): this {
    return this.addRoute("GET", path, rest);
  }

  /** Answers HEAD. */
  head<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  head<Path extends string, S extends RouteOptions>(
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  head(path: string, ...rest: readonly unknown[]): this {
    return this.addRoute("HEAD", path, rest);
  }

  /** Answers POST. */
  post<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  post<Path extends string, S extends RouteOptions>(
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  post(path: string, ...rest: readonly unknown[]): this {
    return this.addRoute("POST", path, rest);
  }

  /** Answers PUT. */
  put<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  put<Path extends string, S extends RouteOptions>(
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  put(path: string, ...rest: readonly unknown[]): this {
    return this.addRoute("PUT", path, rest);
  }

  /** Answers PATCH. */
  patch<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  patch<Path extends string, S extends RouteOptions>(
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  patch(path: string, ...rest: readonly unknown[]): this {
    return this.addRoute("PATCH", path, rest);
  }

  /** Answers DELETE. */
  delete<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  delete<Path extends string, S extends RouteOptions>(
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  delete(path: string, ...rest: readonly unknown[]): this {
    return this.addRoute("DELETE", path, rest);
  }

  /** Answers OPTIONS; without it, it's answered with the methods that there are. */
  options<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  options<Path extends string, S extends RouteOptions>(
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  options(path: string, ...rest: readonly unknown[]): this {
    return this.addRoute("OPTIONS", path, rest);
  }

  /** Answers every method that no other route of that path answers. */
  all<Path extends string>(
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  all<Path extends string, S extends RouteOptions>(
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  all(path: string, ...rest: readonly unknown[]): this {
    return this.addRoute("*", path, rest);
  }

  /** Answers each of these methods; `*` is every method. */
  route<Path extends string>(
    methods: string | readonly string[],
    path: Path,
    handler: Handler<PathParams<Path, Types, Params>, State, App>,
  ): this;
  route<Path extends string, S extends RouteOptions>(
    methods: string | readonly string[],
    path: Path,
    options: S,
    handler: Handler<PathParams<Path, Types, Params>, State, App, Valid<S>>,
  ): this;
  route(methods: string | readonly string[], path: string, ...rest: readonly unknown[]): this {
    for (const method of typeof methods === "string" ? [methods] : methods)
      this.addRoute(method, path, rest);
    return this;
  }
}
