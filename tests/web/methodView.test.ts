/**
 * Views: classes whose methods answer the methods of HTTP, tried through an application in memory, which needs the real
 * world's promises.
 */
import { run } from "ambit";
import { Application, MethodView, type ServerRequest } from "ambit/web";
import { expect, test } from "vitest";

async function ask(app: Application, method: string, path = "/") {
  return run(async () => {
    const response = await app.fetch(new Request(`http://h${path}`, { method }));
    return {
      status: response.status,
      allow: response.headers.get("allow"),
      text: await response.text(),
    };
  });
}

class Item extends MethodView {
  #seen = 0;

  get({ params }: ServerRequest<{ id: number }>): string {
    return this.answer(`get ${params.id}`);
  }

  async post(): Promise<string> {
    return this.answer("post");
  }

  answer(text: string): string {
    this.#seen++;
    return `${text} ${this.#seen}`;
  }
}

test("each method answers its own, with an object of its own for each request", async () => {
  const app = new Application().view("/:id<int>", Item);
  expect(await ask(app, "GET", "/7")).toMatchObject({ status: 200, text: "get 7 1" });
  expect(await ask(app, "GET", "/8")).toMatchObject({ status: 200, text: "get 8 1" });
  expect(await ask(app, "POST", "/7")).toMatchObject({ status: 200, text: "post 1" });
});

test("a method that the class does not have is not allowed, and HEAD is answered by get", async () => {
  const app = new Application().view("/:id<int>", Item);
  const { status, allow } = await ask(app, "PUT", "/7");
  expect(status).toBe(405);
  expect(allow?.split(", ").filter((method) => method !== "OPTIONS")).toEqual([
    "GET",
    "HEAD",
    "POST",
  ]);
  expect(await ask(app, "HEAD", "/7")).toMatchObject({ status: 200, text: "" });
});

test("methods may come from a class that it extends, and options hold for all", () => {
  class More extends Item {
    delete(): null {
      return null;
    }
  }
  const app = new Application().view("/:id<int>", More, { name: "item", timeout: 5 });
  expect(app.entries().map(({ method, options }) => [method, options])).toEqual(
    ["GET", "POST", "DELETE"].map((method) => [method, { name: "item", timeout: 5 }]),
  );
  expect(app.urlFor("item", { id: 3 })).toBe("/3");
});

test("what is no class with such methods is refused", () => {
  class Empty extends MethodView {
    answer(): string {
      return "";
    }
  }
  const message = "Expected `view` to be a class with at least one of the methods get, head, post";
  expect(() => new Application().view("/", Empty)).toThrow(message);
  expect(() => new Application().view("/", (() => "") as never)).toThrow(message);
  expect(() => new Application().view("/", new Item() as never)).toThrow(message);
});
