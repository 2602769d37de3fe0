/** The types of `ambit/web/testing`, of `file` and of `static`. */
import { Application, file, type Reply, staticFiles } from "ambit/web";
import { inBothModes, type TestClient, testClient } from "ambit/web/testing";
import { expectTypeOf, test } from "vitest";

test("a client is for an application of any state", () => {
  const plain = new Application();
  const typed = new Application({ db: new Map<string, number>() }).use((_, next) =>
    next({ user: "ada" }),
  );
  expectTypeOf(testClient).toBeCallableWith(plain);
  expectTypeOf(testClient).toBeCallableWith(typed);
  expectTypeOf(inBothModes).toBeCallableWith(
    () => typed,
    (client: TestClient) => client.get("/"),
  );
  // @ts-expect-error an application is no function that answers requests
  expectTypeOf(testClient).toBeCallableWith((request: Request) => new Response(request.body));
});

test("a file is a reply, and a folder's handler fits a route that ends in a path", () => {
  expectTypeOf(file("x")).resolves.toEqualTypeOf<Reply>();
  const app = new Application({ db: 1 });
  expectTypeOf(app.get("/files/*path", staticFiles("public"))).toEqualTypeOf<typeof app>();
  // @ts-expect-error of codings that files have, only these
  staticFiles("public", { precompressed: ["deflate"] });
});
