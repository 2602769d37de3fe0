/*
 * The web application: the page, the stream that makes it quick, the JSON API, and the page's parts.
 */
import {
  Application,
  errorReply,
  eventStream,
  HttpError,
  json,
  Reply,
  securityHeaders,
  type ServerSentEvent,
} from "ambit/web";

import type { CharacterIndex } from "../search/characterIndex.ts";
import { recordOf } from "../search/characterRecord.ts";
import { Assets } from "./assets.ts";
import { page } from "./page.ts";
import { problemReply } from "./problemReply.ts";
import { readSearch, readSearchOfProgram } from "./searchRequest.ts";
import { searchFor, type SearchResult } from "./searchResult.ts";
import { searchStream, type StreamPace } from "./searchStream.ts";
import type { Visitors } from "./visitors.ts";

const HTML = "text/html; charset=utf-8";

/** Nothing comes from elsewhere, and nothing that stands in the page is run. */
const POLICY = {
  "default-src": ["'none'"],
  "script-src": ["'self'"],
  "style-src": ["'self'"],
  "img-src": ["'self'"],
  "connect-src": ["'self'"],
  "object-src": false,
};

/** The application. */
export function createApplication(
  index: CharacterIndex,
  visitors: Visitors,
  pace: StreamPace = { pauseMs: 0 },
): Application {
  const app = new Application({}, { name: "charfinder" });
  const assets = new Assets();
  app.use(securityHeaders({ csp: POLICY }));
  app.get("/", ({ query }) => {
    const result = searchFor(index, readSearch(query));
    return new Reply(page(index, result, assets.addresses), {
      type: HTML,
      headers: { "cache-control": "no-cache" },
    });
  });
  app.get("/api/characters", ({ query }) =>
    json(answerOf(searchFor(index, readSearchOfProgram(query)))),
  );
  app.get("/api/search", ({ query }) =>
    searchStream(searchFor(index, readSearchOfProgram(query)), visitors, pace),
  );
  app.get("/api/presence", () => eventStream(presence(visitors), { retryOnStop: 3000 }));
  app.get("/assets/:name", (request) => assets.answer(request.params.name, request));
  app.exception(HttpError, (error, request) =>
    request.path.startsWith("/api/") ? problemReply(error) : errorReply(error, request),
  );
  app.health();
  return app;
}

/** What programs get. */
function answerOf({ characters, next, ...rest }: SearchResult): object {
  const { query, limit } = rest;
  const parameters = { query, start: String(next), limit: String(limit) };
  return {
    ...rest,
    characters: characters.map(recordOf),
    next: next === null ? null : `/api/characters?${new URLSearchParams(parameters).toString()}`,
  };
}

/** An open page hears from it that the server stops. */
async function* presence(visitors: Visitors): AsyncGenerator<ServerSentEvent> {
  const leave = visitors.enter();
  try {
    yield { event: "hello", data: "" };
    await visitors.stopping.wait();
    visitors.told++;
    yield { event: "stopping", data: "the server is shutting down" };
  } finally {
    leave();
  }
}
