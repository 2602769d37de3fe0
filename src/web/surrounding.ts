/*
 * Surrounding: all that lies around a route: prefixes, host, version, middlewares, rules for exceptions.
 *
 * Strategy: never changed; each table on the way down makes one of its own from that of the table above.
 */
import type { AnyHandler, AnyMiddleware, ExceptionRule } from "./handler.ts";
import type { ParameterType } from "./parameters.ts";
import { hostsOf, type Placement } from "./placement.ts";
import type { RouteEntry } from "./routeEntry.ts";
import type { RouteOptions } from "./routeOptions.ts";

/** What a table adds for its routes. */
interface Layer {
  readonly middlewares: readonly AnyMiddleware[];
  readonly exceptions: readonly ExceptionRule[];
  readonly types: ReadonlyMap<string, ParameterType>;
}

/** A route as it was written down. */
interface Bare {
  readonly method: string;
  readonly path: string;
  readonly options: RouteOptions;
  readonly handler: AnyHandler;
}

/** @internal */
export class Surrounding {
  readonly #placement: Placement;
  readonly #layer: Layer;

  constructor(placement: Placement, layer: Layer) {
    this.#placement = placement;
    this.#layer = layer;
  }

  /** That of a table further inside. */
  within(placement: Placement, { middlewares, exceptions, types }: Layer): Surrounding {
    const outer = this.#layer;
    return new Surrounding(within(this.#placement, placement), {
      middlewares: [...outer.middlewares, ...middlewares],
      exceptions: [...exceptions, ...outer.exceptions],
      types: types.size === 0 ? outer.types : new Map([...outer.types, ...types]),
    });
  }

  /** The route with all of this around it, once for each host. */
  entriesFor({ method, path, options, handler }: Bare): RouteEntry[] {
    const { host, routeOptions, urlPrefix = "", strictSlashes } = this.#placement;
    const { types, ...around } = this.#layer;
    const slashes = strictSlashes === undefined ? {} : { strictSlashes };
    const name = options.name === undefined ? {} : { name: this.#named(options.name) };
    const merged: RouteOptions = { ...slashes, ...routeOptions, ...options, ...name };
    const whole = this.#version() + joined(urlPrefix, path);
    return hostsOf(host).map((each) => ({
      ...around,
      method,
      path: whole === "" ? "/" : whole,
      host: each,
      options: merged,
      handler,
      types,
    }));
  }

  #named(name: string): string {
    return this.#placement.name === undefined ? name : `${this.#placement.name}.${name}`;
  }

  #version(): string {
    const { version, versionPrefix = "/v" } = this.#placement;
    return version === undefined ? "" : `${versionPrefix}${version}`;
  }
}

/** Around the outermost table. @internal */
export const OUTERMOST: Surrounding = new Surrounding(
  {},
  { middlewares: [], exceptions: [], types: new Map() },
);

/** Prefixes and names add up; of the rest what is further inside wins. */
function within(outer: Placement, inner: Placement): Placement {
  const urlPrefix = joined(outer.urlPrefix ?? "", inner.urlPrefix ?? "");
  const names = [outer.name, inner.name].filter((name) => name !== undefined);
  return {
    ...outer,
    ...inner,
    urlPrefix,
    ...(names.length === 0 ? {} : { name: names.join(".") }),
    routeOptions: { ...outer.routeOptions, ...inner.routeOptions },
  };
}

function joined(prefix: string, path: string): string {
  return prefix.endsWith("/") && path.startsWith("/") ? prefix + path.slice(1) : prefix + path;
}
