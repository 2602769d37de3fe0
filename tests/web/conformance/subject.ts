/*
 * The application that the table is played against: each route is there for some of its rows.
 */
import { sleep } from "ambit";
import {
  Application,
  empty,
  json,
  redirect,
  Reply,
  type ServerRequest,
  stream,
  webSocket,
} from "ambit/web";

async function* pieces(...all: readonly string[]): AsyncGenerator<string, void> {
  for (const piece of all) {
    yield piece;
    await sleep(1);
  }
}

/** Its bytes as letters of the same value, as the table has them. */
async function bodyOf(request: ServerRequest): Promise<Uint8Array> {
  return request.bytes();
}

export function subject(): Application {
  const app = new Application();
  app.get("/", () => "home").post("/", () => "home");
  app.get("/hello", () => "hello").get("/probe", () => "probe");
  app.get("/url", ({ url }) => url.href);
  app.post("/url", async (request) => {
    await request.bytes();
    return request.url.href;
  });
  app.get("/parameter/:value", ({ params }) => params.value);
  app.get("/header", ({ headers }) => Buffer.from(headers.get("x-test") ?? "", "latin1"));
  app.post("/echo", bodyOf).post("/limited", { bodyLimit: 10 }, bodyOf);
  app.post("/unread", () => "unread");
  app.post("/trailers", async (request) => {
    await request.bytes();
    return json(request.body.trailers);
  });
  app.get("/wait/:time<int>", async ({ params }) => {
    await sleep(params.time);
    return String(params.time);
  });
  app.get("/fail", () => {
    throw new Error("a secret of the server's");
  });
  app.get(
    "/socket",
    webSocket(async () => {}),
  );
  return addAnswers(app);
}

function addAnswers(app: Application): Application {
  app.get("/json", () => json({ a: [1, 2] }));
  app.get("/stream", () => pieces("one", "two"));
  app.get("/stream-with-empty", () => pieces("one", "", "two"));
  app.get("/nothing", () => empty());
  app.get("/nothing-with-body", () => new Reply("body", { status: 204 }));
  app.get("/reset", () => new Reply("body", { status: 205 }));
  app.get("/same", () => new Reply("body", { status: 304 }));
  app.get("/made", () => empty({ status: 201 }));
  app.get("/blank", () => "").get("/unicode", () => "€");
  app.get("/split", () => new Reply("body", { headers: { "x-split": "a\r\nX-Evil: b" } }));
  app.get("/redirect", ({ query }) => redirect(query.get("to") ?? "/"));
  app.get("/hint", (request) => {
    request.earlyHints("</a.css>; rel=preload");
    return "hinted";
  });
  app.get("/trailing", () =>
    stream(async (writer) => {
      await writer.write("one");
      writer.trailer("x-sum", "3");
    }),
  );
  return app;
}
