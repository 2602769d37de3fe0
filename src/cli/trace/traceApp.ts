/*
 * The application of `ambit trace`: takes spans, and shows them.
 *
 * It is for one developer on one machine: it keeps to loopback, and a page of another origin can neither read it nor
 * write to it, for it answers no CORS preflight and wants JSON's media type; a request for another host's name is
 * refused, which ends DNS rebinding.
 */
import { HttpError, UnsupportedMediaType } from "../../web/httpError.ts";
import { Application } from "../../web/application.ts";
import { empty, html, json } from "../../web/replies.ts";
import type { ServerRequest } from "../../web/request.ts";
import { PAGE, PAGE_POLICY } from "./page.ts";
import { TraceStore } from "./traceStore.ts";
import { fromOtlp, fromZipkin, NotSpansError, type ViewSpan } from "./viewSpan.ts";

/** How large a batch may be, in bytes. */
const LIMIT = 32 * 1024 * 1024;

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** @param onSpans told of what comes */
export function traceApp(
  store: TraceStore,
  onSpans: (spans: readonly ViewSpan[]) => void,
): Application {
  const app = new Application();
  app.use((request, next) => {
    if (!LOOPBACK.test(request.host)) throw new HttpError(421, "only for loopback");
    request.replyHeaders.set("x-content-type-options", "nosniff");
    request.replyHeaders.set("cache-control", "no-store");
    return next();
  });
  const take = async (
    request: Pick<ServerRequest, "headers" | "json">,
    read: (body: unknown) => ViewSpan[],
  ): Promise<void> => {
    const type = request.headers.get("content-type") ?? "";
    if (!/^application\/json\s*(;|$)/i.test(type))
      throw new UnsupportedMediaType(
        `spans come as application/json here, not as ${type || "nothing"}`,
      );
    const body: unknown = await request.json();
    let spans: ViewSpan[];
    try {
      spans = read(body);
    } catch (error) {
      if (error instanceof NotSpansError) throw new HttpError(400, error.message);
      throw error;
    }
    store.add(spans);
    onSpans(spans);
  };
  app.post("/api/v2/spans", { bodyLimit: LIMIT }, async (request) => {
    await take(request, fromZipkin);
    return empty({ status: 202 });
  });
  app.post("/v1/traces", { bodyLimit: LIMIT }, async (request) => {
    await take(request, fromOtlp);
    return json({});
  });
  app.get("/api/traces", () => json({ version: store.version, traces: store.list() }));
  app.get("/api/traces/:id", ({ params }) => {
    const trace = store.get(params.id);
    if (trace === null) throw new HttpError(404, `there is no trace ${params.id}`);
    return json(trace);
  });
  app.delete("/api/traces", () => {
    store.clear();
    return empty();
  });
  app.get("/", () => html(PAGE, { headers: { "content-security-policy": PAGE_POLICY } }));
  return app;
}
