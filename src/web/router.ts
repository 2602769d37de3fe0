/*
 * Router: which route a request is for, which methods a path knows, and the path of a named route.
 *
 * Strategy: for each host a table, in it for each method a tree (`routeTree.ts`). A tree holds also what stands in for
 * its method: GET for HEAD, and routes for every method; so a request walks through one tree once, and what is closer
 * to its path goes before what is closer to its method. A path that holds a malformed escape is a BadRequest, whatever
 * routes there are.
 */
import { BadRequest } from "./httpError.ts";
import { type CustomTypes } from "./parameters.ts";
import { parsePattern, type PathPattern } from "./pathPattern.ts";
import { hostPattern, RouteHosts } from "./routeHosts.ts";
import type { Found } from "./routeNode.ts";
import { RouteTree } from "./routeTree.ts";
import { pathFor } from "./urlFor.ts";

/** What the router looks at. @internal */
export interface Routed {
  /** In capitals; `*` for every method. */
  readonly method: string;
  readonly path: string;
  readonly host: string | null;
  readonly options?: { readonly name?: string; readonly strictSlashes?: boolean };
  /** Parameter types of the program's own. */
  readonly types?: CustomTypes;
}

/** The methods that `allowed` asks for beside those that routes name. */
const USUAL = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

interface Read<T> {
  readonly entry: T;
  readonly pattern: PathPattern;
}

/** @internal */
export class Router<T extends Routed> {
  readonly entries: readonly T[];
  readonly #hosts: RouteHosts<MethodTable<T>>;
  readonly #named: Map<string, Read<T>> = new Map();

  /**
   * @throws SyntaxError or TypeError for a path that is no pattern
   * @throws TypeError when two routes have the same method, path and host, or one name
   */
  constructor(entries: readonly T[]) {
    this.entries = entries;
    const byHost = new Map<string | null, Read<T>[]>([[null, []]]);
    for (const entry of entries) {
      const host = entry.host === null ? null : hostPattern(entry.host);
      const read = { entry, pattern: parsePattern(entry.path, entry.types) };
      const there = byHost.get(host);
      if (there === undefined) byHost.set(host, [read]);
      else there.push(read);
      this.#name(read);
    }
    const tables = new Map(
      [...byHost].map(([host, routes]) => [host, new MethodTable(routes)] as const),
    );
    this.#hosts = new RouteHosts(tables, tables.get(null) as MethodTable<T>);
  }

  /**
   * The route for a request; null without one.
   *
   * @param path percent-encoded, without the query
   * @param host as the request has it: its port and its case don't matter
   * @throws {@link BadRequest} for an escape that is none
   */
  find(method: string, path: string, host: string): Found<T> | null {
    const escaped = checkEscapes(path);
    const tables = this.#hosts.for(host);
    for (const table of tables) {
      const found = table.find(method, path, escaped);
      if (found !== null) return found;
    }
    return null;
  }

  /**
   * The methods that have a route for that path.
   * @throws {@link BadRequest} as {@link Router.find}
   */
  allowed(path: string, host: string): string[] {
    const escaped = checkEscapes(path);
    const tables = this.#hosts.for(host);
    const methods = new Set([...USUAL, ...tables.flatMap((table) => table.methods)]);
    return [...methods].filter((method) =>
      tables.some((table) => table.find(method, path, escaped) !== null),
    );
  }

  /**
   * The path of a named route; what it does not hold becomes the query.
   *
   * @throws RangeError when there is no such route, or a value can't stand in its path
   * @throws TypeError when a parameter is missing
   */
  urlFor(name: string, params: Readonly<Record<string, unknown>> = {}): string {
    const route = this.#named.get(name);
    if (route === undefined) throw new RangeError(`there is no route with the name ${name}`);
    return pathFor(name, route.pattern, params);
  }

  /** One name may stand for several methods and hosts, but for one path only. */
  #name(route: Read<T>): void {
    const name = route.entry.options?.name;
    if (name === undefined) return;
    const there = this.#named.get(name);
    if (there === undefined) this.#named.set(name, route);
    else if (there.pattern.path !== route.pattern.path)
      throw new TypeError(
        `two routes have the name ${name}: ${shown(there.entry)} and ${shown(route.entry)}`,
      );
  }
}

/** The trees of one host. */
class MethodTable<T extends Routed> {
  readonly methods: readonly string[];
  readonly #trees: Map<string, RouteTree<T>> = new Map();
  /** Methods that no route names. */
  readonly #others: RouteTree<T>;

  constructor(routes: readonly Read<T>[]) {
    const named = routes.map(({ entry }) => entry.method).filter((method) => method !== "*");
    this.methods = [...new Set(named.includes("GET") ? [...named, "HEAD"] : named)];
    for (const method of this.methods) this.#trees.set(method, treeFor(standIns(method), routes));
    this.#others = treeFor(["*"], routes);
  }

  find(method: string, path: string, escaped: boolean): Found<T> | null {
    return (this.#trees.get(method) ?? this.#others).find(path, escaped);
  }
}

function standIns(method: string): string[] {
  return method === "HEAD" ? ["HEAD", "GET", "*"] : [method, "*"];
}

function treeFor<T extends Routed>(
  methods: readonly string[],
  routes: readonly Read<T>[],
): RouteTree<T> {
  const tree = new RouteTree<T>((one, other) => one.method === other.method);
  for (const method of methods)
    for (const { entry, pattern } of routes) {
      if (entry.method !== method) continue;
      const strictSlashes = entry.options?.strictSlashes ?? false;
      const there = tree.add({ entry, pattern, strictSlashes });
      if (there === null) continue;
      throw new TypeError(
        `two routes are for the same requests: ${shown(there)} and ${shown(entry)}`,
      );
    }
  tree.finish();
  return tree;
}

/** Whether there are any; all are looked at, wherever they are. */
function checkEscapes(path: string): boolean {
  if (!path.includes("%")) return false;
  try {
    decodeURIComponent(path);
    return true;
  } catch (error) {
    throw new BadRequest("the path has a malformed escape", { cause: error });
  }
}

function shown({ method, path, host }: Routed): string {
  return `${method} ${host ?? ""}${path}`;
}
