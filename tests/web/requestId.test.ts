/**
 * A name for each request.
 */
import { NotFound, ProxyTrust, requestId, type RequestIdState } from "ambit/web";
import { describe, expect, test } from "vitest";
import { through } from "./through.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const proxied = { app: { proxies: ProxyTrust.from(1) } };
const bringing = (id: string | string[]): { headers: Record<string, string | string[]> } => ({
  headers: { "x-request-id": id },
});

describe("requestId", () => {
  test("is made, and told in the answer, an error page too", async () => {
    const first = await through(requestId());
    const second = await through(requestId(), {}, () => {
      throw new NotFound();
    });
    expect(first.header("x-request-id")).toMatch(UUID);
    expect((first.request.state as RequestIdState).requestId).toBe(first.header("x-request-id"));
    expect(second.header("x-request-id")).toMatch(UUID);
    expect(second.header("x-request-id")).not.toBe(first.header("x-request-id"));
  });

  test("is kept when a trusted proxy has given one, and from nobody else", async () => {
    const id = "AZaz09._:=@+/-";
    expect(
      (await through(requestId(), { ...bringing(id), ...proxied })).header("x-request-id"),
    ).toBe(id);
    expect((await through(requestId(), bringing(id))).header("x-request-id")).toMatch(UUID);
  });

  test.each(["", "a b", "a\tb", "a".repeat(129), "é", "a,b", '"a"', "a;b", "a%0a"])(
    "%j is replaced, whoever sent it",
    async (id) => {
      const passage = await through(requestId(), { ...bringing(id), ...proxied });
      expect(passage.header("x-request-id")).toMatch(UUID);
    },
  );

  test("two of them are none", async () => {
    const passage = await through(requestId(), { ...bringing(["a", "b"]), ...proxied });
    expect(passage.header("x-request-id")).toMatch(UUID);
  });

  test("another header, another maker, another rule", async () => {
    const middleware = requestId({
      header: "X-Trace",
      make: ({ method }) => `${method}-1`,
      accept: ({ path }) => path === "/in",
    });
    const headers = { "x-trace": "t7" };
    expect((await through(middleware, { headers })).header("x-trace")).toBe("GET-1");
    expect((await through(middleware, { headers, target: "/in" })).header("x-trace")).toBe("t7");
  });

  test.each([
    [{ header: 7 }, "Expected `options.header`"],
    [{ header: "x request id" }, "Expected `options.header`"],
    [{ header: "" }, "Expected `options.header`"],
    [{ make: "x" }, "Expected `options.make` to be a function"],
    [{ accept: true }, "Expected `options.accept` to be a function"],
  ])("%j is refused", (options, message) => {
    expect(() => requestId(options as never)).toThrow(message);
  });
});
