/*
 * serveOpenApi: the OpenAPI document of an application at an address of its own, and a page that shows it.
 *
 * Strategy: made when it is asked for the first time, and again when a route was added since. The page brings nothing
 * from elsewhere: its style and its script are served beside it, so that a Content-Security-Policy of `'self'` is
 * enough; its own one allows, besides, to send requests to the servers that the document names.
 */
import { posix } from "node:path";
import { openApi, type OpenApiOptions } from "./openApi.ts";
import type { OpenApiDocument } from "./openApiDocument.ts";
import { openApiPage } from "./openApiPage.ts";
import { OPEN_API_SCRIPT } from "./openApiScript.ts";
import { OPEN_API_STYLE } from "./openApiStyle.ts";
import { Reply } from "./reply.ts";
import type { Routes } from "./routes.ts";

/** Where the document and its page are. */
export interface ServeOpenApiOptions extends OpenApiOptions {
  /** Where the document is. Default `/openapi.json`. */
  readonly path?: string;
  /** Where the page is; null for none. Default `/docs`. */
  readonly docs?: string | null;
}

/**
 * Serves the OpenAPI document of an application, and a page that shows it: searchable, with a form for each operation.
 * Both are left out of the document.
 *
 * @returns the application
 * @throws TypeError without a title or a version
 *
 * @example
 * ```ts
 * import { Application, serveOpenApi } from "ambit/web";
 *
 * const app = new Application();
 * app.get("/ping", { summary: "Is anybody there?" }, () => "pong");
 * serveOpenApi(app, { title: "Pings", version: "1.0.0" });
 * const response = await app.fetch(new Request("http://localhost/openapi.json"));
 * ((await response.json()) as { openapi: string }).openapi; // => "3.1.0"
 * ```
 */
export function serveOpenApi<
  R extends Routes<App, State, Params, Types>,
  App extends object,
  State extends object,
  Params extends object,
  Types extends object,
>(app: R & Routes<App, State, Params, Types>, options: ServeOpenApiOptions): R {
  const { path = "/openapi.json", docs = "/docs" } = options;
  const served = new ServedDocument(app, options);
  app.get(path, HIDDEN, () => reply(served.json, "application/json"));
  if (docs === null) return app;
  const [style, script] = [posix.join(docs, "style.css"), posix.join(docs, "script.js")];
  // Relative: below a prefix, and behind a proxy that has taken one away, they hold too.
  const from = posix.dirname(docs);
  const near = (to: string): string => posix.relative(from, to);
  const places = { document: near(path), style: near(style), script: near(script) };
  app.get(docs, HIDDEN, () => {
    const page = reply(openApiPage(served.document, places), "text/html; charset=utf-8");
    page.headers.set("content-security-policy", policyFor(served.document));
    return page;
  });
  app.get(style, HIDDEN, () => reply(OPEN_API_STYLE, "text/css; charset=utf-8"));
  app.get(script, HIDDEN, () => reply(OPEN_API_SCRIPT, "text/javascript; charset=utf-8"));
  return app;
}

const HIDDEN = { hidden: true } as const;

interface Revised {
  readonly revision: number;
}

class ServedDocument {
  readonly #app: Parameters<typeof openApi>[0] & Revised;
  readonly #options: OpenApiOptions;
  #made: OpenApiDocument | null = null;
  #json = "";
  #revision = -1;

  constructor(app: Parameters<typeof openApi>[0] & Revised, options: OpenApiOptions) {
    this.#app = app;
    this.#options = options;
    // What is wrong with the options is told now, and not to a visitor.
    openApi({ entries: () => [] }, options);
  }

  get document(): OpenApiDocument {
    if (this.#made === null || this.#revision !== this.#app.revision) {
      this.#made = openApi(this.#app, this.#options);
      this.#json = JSON.stringify(this.#made, null, 2);
      this.#revision = this.#app.revision;
    }
    return this.#made;
  }

  get json(): string {
    return this.document && this.#json;
  }
}

function reply(body: string, type: string): Reply {
  return new Reply(body, { type, headers: { "cache-control": "no-cache" } });
}

function policyFor({ servers = [] }: OpenApiDocument): string {
  const origins = servers.flatMap(({ url }) => (URL.canParse(url) ? [new URL(url).origin] : []));
  const connect = ["'self'", ...new Set(origins)].join(" ");
  return `default-src 'none'; script-src 'self'; style-src 'self'; connect-src ${connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}
