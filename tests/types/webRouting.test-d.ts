/**
 * What the compiler must know about routes: what paths, prefixes, middlewares and views make of a request. Checked by
 * tests/project/types.test.ts; never run.
 */
import {
  Application,
  Blueprint,
  MethodView,
  type ParameterType,
  type Passed,
  type PathParams,
  type Routes,
  type ServerRequest,
} from "ambit/web";
import { expectTypeOf, test } from "vitest";

interface Db {
  readonly query: (text: string) => string;
}
declare const db: Db;
declare const someText: string;
declare const colour: ParameterType<{ readonly red: number }>;

test("a path tells what its parameters are", () => {
  expectTypeOf<keyof PathParams<"/">>().toBeNever();
  expectTypeOf<PathParams<"/users/:id">>().toEqualTypeOf<{ id: string }>();
  expectTypeOf<PathParams<"/users/:id<int>/">>().toEqualTypeOf<{ id: number }>();
  expectTypeOf<PathParams<"/:a<number>/:b<date>/:c<uuid>/:d<slug>">>().toEqualTypeOf<{
    a: number;
    b: Date;
    c: string;
    d: string;
  }>();
  expectTypeOf<PathParams<"/:name.:ext<ext>">>().toEqualTypeOf<{ name: string; ext: string }>();
  expectTypeOf<PathParams<"/:from-:to<int>">>().toEqualTypeOf<{ from: string; to: number }>();
  expectTypeOf<PathParams<"/:c<re:[a-z:/*]+>/:n<int>">>().toEqualTypeOf<{ c: string; n: number }>();
  expectTypeOf<PathParams<"/files/*">>().toEqualTypeOf<{ "*": string }>();
  expectTypeOf<PathParams<"/:id<int>/*rest">>().toEqualTypeOf<{ id: number; rest: string }>();
  expectTypeOf<PathParams<"/f/:rest<path>">>().toEqualTypeOf<{ rest: string }>();
  expectTypeOf<PathParams<"/:a<nobody>">>().toEqualTypeOf<{ a: unknown }>();
  expectTypeOf<PathParams<string>>().toEqualTypeOf<Record<string, unknown>>();
});

test("a handler's request has them", () => {
  const app = new Application({ db });
  app.get("/users/:id<int>", ({ params, app }) => {
    expectTypeOf(params).toEqualTypeOf<{ id: number }>();
    expectTypeOf(app.state.db).toEqualTypeOf<Db>();
    return "";
  });
  app.post("/on/:day<date>", { timeout: 5 }, ({ params }) => params.day.toISOString());
  app.route(["GET", "POST"], "/:x", ({ params }) => params.x);
  app.get(someText, ({ params }) => {
    expectTypeOf(params).toEqualTypeOf<Record<string, unknown>>();
    return "";
  });
  // @ts-expect-error -- the path holds no such parameter
  app.get("/users/:id", ({ params }) => params.name);
  // @ts-expect-error -- a misspelt option
  app.get("/", { timeuot: 5 }, () => "");
  // @ts-expect-error -- undefined is no answer
  app.get("/", () => {});
});

test("prefixes of blueprints and groups are part of it", () => {
  const posts = new Blueprint({ urlPrefix: "/users/:user<int>" });
  posts.get("/posts/:post", ({ params }) => {
    expectTypeOf(params).toEqualTypeOf<{ user: number; post: string }>();
    return "";
  });
  posts.group("/notes/:note<date>", (notes) => {
    notes.get("/", ({ params }) => {
      expectTypeOf(params).toEqualTypeOf<{ user: number; note: Date }>();
      return "";
    });
  });
});

test("what a middleware adds is in the state behind it", () => {
  const authenticated = async (
    _request: ServerRequest<Record<string, unknown>>,
    next: (added: { user: string }) => Promise<Passed<{ user: string }>>,
  ): Promise<Passed<{ user: string }>> => next({ user: "ada" });
  const app = new Application({ db });
  const inner = app.use(authenticated);
  expectTypeOf(inner.state).toEqualTypeOf<{ db: Db }>();
  inner.get("/", ({ state }) => {
    expectTypeOf(state.user).toEqualTypeOf<string>();
    return "";
  });
  // @ts-expect-error -- not in the state here
  app.get("/", ({ state }) => state.user);
  const part = new Blueprint<{ db: Db }>({ urlPrefix: "/part" }).use(async (_request, next) =>
    next({ lang: "en" }),
  );
  part.get("/", ({ state, app }) => state.lang + app.state.db.query(""));
  part.group("/x", (group) => group.get("/", ({ state }) => state.lang));
});

test("a blueprint may want less of the application's state than there is, not more", () => {
  const wantsDb = new Blueprint<{ db: Db }>();
  const app = new Application({ db, cache: 1 }).register(wantsDb);
  expectTypeOf(app).toEqualTypeOf<Application<{ db: Db; cache: number }>>();
  new Application({ db }).register(new Blueprint({ urlPrefix: "/:x" }));
  new Application({ db }).register(new Blueprint().use(async (_request, next) => next({ a: 1 })));
  // @ts-expect-error -- there is no db
  new Application({ cache: 1 }).register(wantsDb);
});

test("types of parameters of one's own are known behind their registration", () => {
  const routes = new Blueprint().parameterType("colour", colour);
  routes.get("/paint/:with<colour>", ({ params }) => {
    expectTypeOf(params).toEqualTypeOf<{ with: { readonly red: number } }>();
    return "";
  });
  routes.group(
    "/:x<colour>",
    (group: Routes<object, object, unknown, { colour: typeof colour }>) => {
      group.get("/:y<colour>", ({ params }) => String(params.y.red));
    },
  );
});

test("a view's methods take what the path gives", () => {
  class Item extends MethodView {
    get({ params }: ServerRequest<{ id: number }>): string {
      return String(params.id);
    }
  }
  class Silent extends MethodView {
    get(): void {}
  }
  const app = new Application().view("/:id<int>", Item);
  expectTypeOf(app).toEqualTypeOf<Application>();
  // @ts-expect-error -- the id is text
  app.view("/:id", Item);
  // @ts-expect-error -- there is no id
  app.view("/", Item);
  // @ts-expect-error -- it does not answer
  app.view("/", Silent);
  class Plain {
    get(): string {
      return "";
    }
  }
  // @ts-expect-error -- it's no view
  app.view("/", Plain);
});
