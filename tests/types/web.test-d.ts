/**
 * The types that flow through an application: its state, what middlewares add, what handlers may answer.
 */
import type { Task } from "ambit";
import {
  type AnswerRecord,
  Application,
  empty,
  HttpError,
  json,
  type Middleware,
  Reply,
  type RunningApplication,
  type ServerRequest,
} from "ambit/web";
import { expectTypeOf, test } from "vitest";

test("the application's state is what it was made with", () => {
  const app = new Application({ users: new Map<number, string>() });
  expectTypeOf(app.state.users).toEqualTypeOf<Map<number, string>>();
  app.get("/", ({ app }) => {
    expectTypeOf(app.state.users).toEqualTypeOf<Map<number, string>>();
    // @ts-expect-error there is no such state
    void app.state.orders;
    return "";
  });
  app.cleanupContext(async function* (context) {
    expectTypeOf(context.state.users).toEqualTypeOf<Map<number, string>>();
    yield;
  });
});

test("what a middleware hands on is part of the state of the handlers behind it", () => {
  const app = new Application();
  const known = app
    .use(async (_request, next) => next({ user: { name: "ada" } }))
    .use(async (request, next) => {
      expectTypeOf(request.state.user.name).toEqualTypeOf<string>();
      const reply = await next({ role: "admin" as const });
      reply.headers.set("x", "y");
      return reply;
    });
  known.get("/", (request) => {
    expectTypeOf(request.state.user.name).toEqualTypeOf<string>();
    expectTypeOf(request.state.role).toEqualTypeOf<"admin">();
    return request.state.role;
  });
  app.get("/other", (request) => {
    // @ts-expect-error this application does not know of it
    void request.state.user;
    return "";
  });
});

test("a middleware that needs what another adds is refused without it", () => {
  const needsUser: Middleware<object, { user: string }> = async (request, next) => {
    expectTypeOf(request.state.user).toEqualTypeOf<string>();
    return next();
  };
  const app = new Application();
  app.use(async (_request, next) => next({ user: "ada" })).use(needsUser);
});

test("handlers answer with what can be sent", () => {
  const app = new Application();
  app.get("/a", () => "text");
  app.get("/b", () => ({ any: "object" }));
  app.get("/c", async () => new Uint8Array(1));
  app.get("/d", () => json(1));
  app.get("/e", () => empty());
  app.get("/f", () => new Response(""));
  app.get("/g", async function* () {
    yield "piece";
  });
  expectTypeOf(app.get("/j", () => null)).toEqualTypeOf<Application>();
  // @ts-expect-error a handler that forgot its return
  app.get("/h", () => {});
  // @ts-expect-error nothing is sent of undefined
  app.get("/i", async () => undefined);
});

test("errors that are answers have their status, and handlers of exceptions get the class", () => {
  const app = new Application();
  app.exception(HttpError, (error, request) => {
    expectTypeOf(error.status).toEqualTypeOf<number>();
    expectTypeOf(request).toExtend<ServerRequest<Record<string, unknown>>>();
    return new Reply("");
  });
});

test("what runs is typed", () => {
  const app = new Application();
  expectTypeOf(app.start()).resolves.toEqualTypeOf<RunningApplication>();
  expectTypeOf(app.addTask(async () => 7)).toEqualTypeOf<Task<number>>();
  app.onAnswer((record) => expectTypeOf(record).toEqualTypeOf<AnswerRecord>());
  // @ts-expect-error a port is a number
  void app.serve({ port: "8000" });
});
