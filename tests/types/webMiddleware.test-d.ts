/**
 * What the compiler must know of middlewares: what each adds to `request.state`, and what it refuses. Checked by
 * tests/project/types.test.ts; never run.
 */
import {
  type AnswerListener,
  Application,
  accessLog,
  basicAuth,
  bearerAuth,
  concurrencyLimit,
  cors,
  csrf,
  MemorySessionStore,
  Metrics,
  rateLimit,
  requestId,
  type RequestCookies,
  securityHeaders,
  type ServerTiming,
  serverTiming,
  type Session,
  sessions,
  setCookie,
} from "ambit/web";
import { expectTypeOf, test } from "vitest";

const keys = "a secret of at least thirty-two bytes";

test("what middlewares add is in the state of every handler behind them", () => {
  const app = new Application({ pool: 7 })
    .use(requestId())
    .use(serverTiming())
    .use(securityHeaders())
    .use(sessions({ keys, initial: () => ({ cart: [] as string[] }) }))
    .use(bearerAuth({ check: async (token) => (token === "x" ? { id: 7 } : null) }));
  app.get("/", ({ state, app: { state: own } }) => {
    expectTypeOf(state.requestId).toEqualTypeOf<string>();
    expectTypeOf(state.timing).toEqualTypeOf<ServerTiming>();
    expectTypeOf(state.nonce).toEqualTypeOf<string>();
    expectTypeOf(state.session).toEqualTypeOf<Session<{ cart: string[] }>>();
    expectTypeOf(state.session.data.cart).toEqualTypeOf<string[]>();
    expectTypeOf(state.user).toEqualTypeOf<{ id: number }>();
    expectTypeOf(own.pool).toEqualTypeOf<number>();
    return "x";
  });
});

test("what only guards adds nothing", () => {
  const app = new Application()
    .use(csrf())
    .use(cors({ origins: "*" }))
    .use(rateLimit({ limit: 10 }))
    .use(concurrencyLimit({ limit: 10 }))
    .use(new Metrics().middleware);
  app.get("/", ({ state, cookies }) => {
    expectTypeOf(cookies).toEqualTypeOf<RequestCookies>();
    // @ts-expect-error -- nobody has added it
    return String(state.user);
  });
});

test("the session's data is what `initial` gives, what is said, or anything by name", () => {
  new Application().use(sessions({ keys })).get("/", ({ state }) => {
    expectTypeOf(state.session.data).toEqualTypeOf<Record<string, unknown>>();
    return "x";
  });
  const store = new MemorySessionStore();
  new Application().use(sessions<{ user?: number }>({ store })).get("/", ({ state }) => {
    expectTypeOf(state.session.data.user).toEqualTypeOf<number | undefined>();
    // @ts-expect-error -- no such field
    state.session.data.name = "x";
    // @ts-expect-error -- only `regenerate` changes it
    state.session.id = "x";
    return "x";
  });
  // @ts-expect-error -- neither keys nor a store
  sessions({ name: "x" });
});

test("the user is what the check gives, without nobody", () => {
  new Application().use(basicAuth({ users: { ada: "x" } })).get("/", ({ state }) => {
    expectTypeOf(state.user).toEqualTypeOf<string>();
    return "x";
  });
  const check = (name: string): { name: string } | null | undefined => ({ name });
  new Application().use(basicAuth({ check })).get("/", ({ state }) => {
    expectTypeOf(state.user).toEqualTypeOf<{ name: string }>();
    return "x";
  });
});

test("logs and metrics are listeners of the application", () => {
  expectTypeOf(accessLog()).toEqualTypeOf<AnswerListener>();
  const metrics = new Metrics();
  new Application()
    .onAnswer(accessLog({ format: "json" }))
    .onAnswer(metrics.listener)
    .get("/metrics", metrics.handler);
  // @ts-expect-error -- no such format
  accessLog({ format: "xml" });
});

test("cookies take a request whatever its types, and options that there are", () => {
  new Application().use(requestId()).get("/:id", (request) => {
    expectTypeOf(setCookie(request, "a", "b", { sameSite: "strict", maxAge: 1000 })).toBeVoid();
    // @ts-expect-error -- text only
    setCookie(request, "a", 7);
    // @ts-expect-error -- not one of the three
    setCookie(request, "a", "b", { sameSite: "Lax" });
    return "x";
  });
});
