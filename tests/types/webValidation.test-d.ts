/**
 * What the compiler must know about bodies, schemas and documents. Checked by tests/project/types.test.ts; never run.
 */
import {
  accepts,
  Application,
  errorReply,
  type Form,
  openApi,
  type OpenApiDocument,
  type Part,
  type Reply,
  serveOpenApi,
  type ServerRequest,
  type StandardSchema,
  type Upload,
  type Valid,
} from "ambit/web";
import { type } from "arktype";
import * as v from "valibot";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";

declare const app: Application;
declare const request: ServerRequest;

test("what was validated has the type that the schema makes, of each library", () => {
  app.post(
    "/a/:id<int>",
    {
      body: z.object({ name: z.string(), age: z.coerce.number() }),
      query: v.object({ page: v.optional(v.pipe(v.string(), v.transform(Number)), "1") }),
      headers: type({ "x-a": "string" }),
    },
    ({ valid, params }) => {
      expectTypeOf(valid.body).toEqualTypeOf<{ name: string; age: number }>();
      expectTypeOf(valid.query).toEqualTypeOf<{ page: number }>();
      expectTypeOf(valid.headers).toEqualTypeOf<{ "x-a": string }>();
      expectTypeOf(params).toEqualTypeOf<{ id: number }>();
      // @ts-expect-error: there is no schema of the cookies
      void valid.cookies;
      return "";
    },
  );
  app.get("/", ({ valid }) => {
    // @ts-expect-error: there is no schema at all
    void valid.body;
    return "";
  });
  // @ts-expect-error: no schema
  app.post("/", { body: { type: "object" } }, () => "");
});

test("a schema by hand gives its output", () => {
  type Schemas = { readonly query: StandardSchema<string, Date>; readonly summary: string };
  expectTypeOf<Valid<Schemas>>().toEqualTypeOf<{ readonly query: Date }>();
});

test("forms and parts have their types", () => {
  expectTypeOf(request.form()).toEqualTypeOf<Promise<Form>>();
  expectTypeOf(request.parts()).toEqualTypeOf<AsyncGenerator<Part, void>>();
  expectTypeOf(request.formData()).toEqualTypeOf<Promise<FormData>>();
  void request.form({ parts: 10, fileSize: Infinity });
  // @ts-expect-error: there is no such limit
  void request.form({ files: 10 });
});

test("a field is a text or null, a file is an upload or null", () => {
  const form = {} as Form;
  expectTypeOf(form.get("a")).toEqualTypeOf<string | null>();
  expectTypeOf(form.file("a")).toEqualTypeOf<Upload | null>();
  expectTypeOf(form.integer("a")).toEqualTypeOf<number>();
  expectTypeOf(form.date("a")).toEqualTypeOf<Date>();
  // @ts-expect-error: a number is no boolean
  form.boolean("a", 1);
});

test("what is accepted is one of the types that were offered, or null", () => {
  const accepted = accepts(request, ["text/html", "application/json"]);
  expectTypeOf(accepted).toEqualTypeOf<"text/html" | "application/json" | null>();
});

test("an error page takes any request, and none", () => {
  expectTypeOf(errorReply(7, request)).toEqualTypeOf<Reply>();
  void errorReply(new Error("x"), null, { debug: true });
  app.exception(Error, (error, each) => errorReply(error, each));
});

test("a document is of an application, whatever its types, which stay", () => {
  const info = { title: "A", version: "1" };
  expectTypeOf(openApi(app, info)).toEqualTypeOf<OpenApiDocument>();
  const typed = new Application({ db: 1 }).use((_, next) => next({ user: "a" }));
  expectTypeOf(serveOpenApi(typed, info)).toEqualTypeOf<typeof typed>();
  // @ts-expect-error: it wants a version
  openApi(app, { title: "A" });
});
