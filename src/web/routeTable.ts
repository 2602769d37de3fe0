/*
 * RouteTable: what an application, a blueprint or a group has collected: routes, tables below it, and what is around.
 *
 * Strategy: only collects; `entries` flattens all of it when an application is compiled, so the order of the calls does
 * not matter: a middleware is around every route of its table, also those that were added before it. One table may be in
 * several places. A change is told upwards, so that whoever is compiled can see it by one number.
 */
import { wrongType } from "../core/arguments.ts";
import { InvalidStateError } from "../core/errors.ts";
import type { AnyHandler, AnyMiddleware, ExceptionRule } from "./handler.ts";
import { Lifecycle } from "./lifecycle.ts";
import { ANY_CUSTOM_TYPES, checkParameterType, type ParameterType } from "./parameters.ts";
import { parsePattern } from "./pathPattern.ts";
import { checkPlacement, type Placement } from "./placement.ts";
import { checkRouteOptions } from "./routeDefaults.ts";
import type { RouteEntry } from "./routeEntry.ts";
import type { RouteOptions } from "./routeOptions.ts";
import { OUTERMOST, type Surrounding } from "./surrounding.ts";

interface Route {
  readonly method: string;
  readonly path: string;
  readonly options: RouteOptions;
  readonly handler: AnyHandler;
}

/** A table below another. */
interface Below {
  readonly table: RouteTable;
  /** What differs from the table's own placement. */
  readonly placement: Placement;
}

/** @internal */
export class RouteTable {
  readonly lifecycle: Lifecycle = new Lifecycle();
  readonly middlewares: AnyMiddleware[] = [];
  readonly exceptions: ExceptionRule[] = [];
  readonly #placement: Placement;
  readonly #items: (Route | Below)[] = [];
  /** Types of parameters, for here and below. */
  readonly types: Map<string, ParameterType> = new Map();
  readonly #above: Set<RouteTable> = new Set();
  #revision = 0;

  constructor(placement: Placement = {}) {
    checkPlacement(placement);
    this.#placement = placement;
  }

  /** Grows with each change here and below. */
  get revision(): number {
    return this.#revision;
  }

  addRoute(route: Route): void {
    const { method, path, options } = route;
    if (typeof method !== "string" || !/^(?:[!#$%&'*+.^`|~\w-]+)$/.test(method))
      throw wrongType("method", "a method (RFC 9110, section 9.1)", method);
    if (typeof path !== "string") throw wrongType("path", "a string", path);
    parsePattern(path, ANY_CUSTOM_TYPES);
    checkRouteOptions(options);
    this.#items.push({ ...route, method: method.toUpperCase() });
    this.#changed();
  }

  addTable(table: RouteTable, placement: Placement = {}): void {
    checkPlacement(placement);
    if (table.#contains(this))
      throw new InvalidStateError("register of a blueprint within itself: it would have no end");
    this.#items.push({ table, placement });
    table.#above.add(this);
    this.#changed();
  }

  addMiddleware(middleware: AnyMiddleware): void {
    this.middlewares.push(middleware);
    this.#changed();
  }

  addException(rule: ExceptionRule): void {
    this.exceptions.push(rule);
    this.#changed();
  }

  addType(name: string, type: ParameterType): void {
    checkParameterType(name, type);
    if (this.types.has(name)) throw new TypeError(`the parameter type ${name} is there already`);
    this.types.set(name, type);
    this.#changed();
  }

  /** Every route here and below, with all that is around it. */
  entries(): RouteEntry[] {
    return this.#entries(OUTERMOST, {});
  }

  /** The lifecycles here and below, this one first; each once, in however many places it is. */
  lifecycles(): Lifecycle[] {
    const below = this.#items.flatMap((item) => ("table" in item ? item.table.lifecycles() : []));
    return [...new Set([this.lifecycle, ...below])];
  }

  #entries(around: Surrounding, placement: Placement): RouteEntry[] {
    const inside = around.within({ ...this.#placement, ...placement }, this);
    return this.#items.flatMap((item) =>
      "table" in item ? item.table.#entries(inside, item.placement) : inside.entriesFor(item),
    );
  }

  #contains(table: RouteTable): boolean {
    return (
      table === this || this.#items.some((item) => "table" in item && item.table.#contains(table))
    );
  }

  #changed(): void {
    this.#revision++;
    for (const above of this.#above) above.#changed();
  }
}
