/*
 * openApi: the OpenAPI 3.1 document of an application, from its routes.
 *
 * Strategy: what is known anyway is told: paths and the types of their parameters, schemas, and what a route's options say
 * for documents. Routes that are hidden, HEAD, OPTIONS, WebSockets and handlers for every method are left out: they are
 * no operations.
 * Limits: a document has one operation for a method and a path, whatever the types of the path's parameters and the
 * host: of several the first is told.
 */
import { wrongType } from "../core/arguments.ts";
import { JsonSchemas, type ToJsonSchema } from "./jsonSchemas.ts";
import type { OpenApiDocument, OpenApiOperation, OpenApiServer } from "./openApiDocument.ts";
import { operationOf } from "./openApiOperation.ts";
import { pathTemplate } from "./openApiParameters.ts";
import type { RouteEntry } from "./routeEntry.ts";

/** What a document says that routes don't know. */
export interface OpenApiOptions {
  readonly title: string;
  /** Of the API, such as `1.2.0`. */
  readonly version: string;
  /** May be Markdown. */
  readonly description?: string;
  /** Where it is reached: URLs, or with a description. */
  readonly servers?: readonly (string | OpenApiServer)[];
  /**
   * How clients say who they are, by name: `{ token: { type: "http", scheme: "bearer" } }`. Each operation wants one of
   * them, unless its route says otherwise. The document only tells it: what checks is a middleware.
   */
  readonly security?: Readonly<Record<string, object>>;
  /** Tells schemas that don't tell themselves; asked first: for valibot, `toJsonSchema` of `@valibot/to-json-schema`. */
  readonly toJsonSchema?: ToJsonSchema;
}

/** Something with routes: an application, a blueprint. */
export interface Documented {
  /** @internal */
  entries(): readonly RouteEntry[];
}

const METHODS = new Set(["GET", "PUT", "POST", "DELETE", "PATCH", "TRACE"]);

/**
 * The OpenAPI 3.1 document of an application's routes, as they are now.
 *
 * @param app an application or a blueprint
 * @throws TypeError without a title or a version, or when a route wants a security scheme that `options` does not have
 *
 * @example
 * ```ts
 * import { Application, openApi } from "ambit/web";
 *
 * const app = new Application();
 * app.get("/users/:id<int>", { summary: "One user" }, ({ params }) => ({ id: params.id }));
 * const document = openApi(app, { title: "Users", version: "1.0.0" });
 * Object.keys(document.paths); // => ["/users/{id}"]
 * ```
 */
export function openApi(app: Documented, options: OpenApiOptions): OpenApiDocument {
  for (const name of ["title", "version"] as const)
    if (typeof options[name] !== "string")
      throw wrongType(`options.${name}`, "text", options[name]);
  const schemas = new JsonSchemas(options.toJsonSchema ?? null);
  const entries = app.entries().filter(isOperation);
  checkSecurity(entries, options.security ?? {});
  const paths = pathsOf(entries, schemas);
  const components = componentsOf(schemas, options.security);
  const tags = tagsOf(paths);
  const { title, version, description, servers = [], security } = options;
  return {
    openapi: "3.1.0",
    info: { title, version, ...(description === undefined ? {} : { description }) },
    ...(servers.length === 0
      ? {}
      : { servers: servers.map((each) => (typeof each === "string" ? { url: each } : each)) }),
    paths,
    ...(components === null ? {} : { components }),
    ...(security === undefined
      ? {}
      : { security: Object.keys(security).map((name) => ({ [name]: [] })) }),
    ...(tags.length === 0 ? {} : { tags }),
  };
}

function isOperation({ method, options, handler }: RouteEntry): boolean {
  return METHODS.has(method) && options.hidden !== true && !("upgrades" in handler);
}

function pathsOf(
  entries: readonly RouteEntry[],
  schemas: JsonSchemas,
): Record<string, Record<string, OpenApiOperation>> {
  const paths = new Map<string, Map<string, OpenApiOperation>>();
  const ids = new Set<string>();
  for (const entry of entries) {
    const template = pathTemplate(entry.path, entry.types);
    const methods = paths.get(template.path) ?? new Map<string, OpenApiOperation>();
    paths.set(template.path, methods);
    const method = entry.method.toLowerCase();
    if (methods.has(method)) continue;
    const id = freeId(entry, template.path, ids);
    methods.set(method, operationOf(entry, template, id, schemas));
  }
  return Object.fromEntries(
    [...paths].map(([path, methods]) => [path, Object.fromEntries(methods)]),
  );
}

/** The route's name, or its method and path in one word: `getUsersId`. */
function freeId(entry: RouteEntry, path: string, taken: Set<string>): string {
  const words = path.match(/[A-Za-z0-9]+/g) ?? [];
  const made = [
    entry.method.toLowerCase(),
    ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)),
  ].join("");
  const wanted = entry.options.name ?? made;
  let id = wanted;
  for (let turn = 2; taken.has(id); turn++) id = `${wanted}${turn}`;
  taken.add(id);
  return id;
}

/** A name that is written wrongly would read as an operation that nobody may call. */
function checkSecurity(
  entries: readonly RouteEntry[],
  schemes: NonNullable<OpenApiOptions["security"]>,
): void {
  for (const { method, path, options } of entries)
    for (const name of options.security ?? [])
      if (!Object.hasOwn(schemes, name))
        throw new TypeError(
          `route ${method} ${path} wants the security scheme '${name}', which options.security does not have`,
        );
}

function componentsOf(
  schemas: JsonSchemas,
  security: OpenApiOptions["security"],
): NonNullable<OpenApiDocument["components"]> | null {
  const { components } = schemas;
  const hasSchemas = Object.keys(components).length > 0;
  if (!hasSchemas && security === undefined) return null;
  return {
    ...(hasSchemas ? { schemas: components } : {}),
    ...(security === undefined ? {} : { securitySchemes: security }),
  };
}

function tagsOf(paths: OpenApiDocument["paths"]): { name: string }[] {
  const names = Object.values(paths)
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ tags = [] }) => tags);
  return [...new Set(names)].map((name) => ({ name }));
}
