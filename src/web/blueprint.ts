/*
 * Blueprint: a part of an application, written down by itself (Sanic's word): routes below a prefix, with middlewares,
 * handlers of exceptions, listeners and cleanup contexts of their own. Blueprints may lie in each other.
 */
import type { Middleware } from "./handler.ts";
import type { PathParams } from "./pathTypes.ts";
import type { Placement } from "./placement.ts";
import { Routes } from "./routes.ts";

/**
 * A part of an application, which `register` puts into it.
 *
 * `App` is what it wants of the application's state, `State` what its requests have in their state, `Prefix` its prefix,
 * whose parameters its handlers get.
 *
 * @example
 * ```ts
 * import { Application, Blueprint } from "ambit/web";
 *
 * const users = new Blueprint({ urlPrefix: "/users", version: 1 });
 * users.get("/:id<int>", ({ params }) => ({ next: params.id + 1 }));
 * const app = new Application().register(users);
 * const response = await app.fetch(new Request("http://localhost/v1/users/7"));
 * await response.text(); // => '{"next":8}'
 * ```
 */
export class Blueprint<
  App extends object = object,
  State extends object = object,
  const Prefix extends string = "",
  Types extends object = object,
> extends Routes<App, State, PathParams<Prefix, Types>, Types> {
  /** @throws SyntaxError or TypeError for a prefix, a host or a version that is none */
  constructor(placement: Placement<Prefix> | (Prefix extends "" ? Placement : never) = {}) {
    super(placement);
  }

  /**
   * Puts a middleware around every route here and below, whenever it was added. The first is the outermost.
   * @returns the same blueprint, whose handlers know what the middleware adds
   */
  override use<Added extends object>(
    middleware: Middleware<Added, State, App>,
  ): Blueprint<App, State & Added, Prefix, Types> {
    this.surround(middleware);
    return this as unknown as Blueprint<App, State & Added, Prefix, Types>;
  }
}
