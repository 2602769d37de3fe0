/**
 * CORS: who may read what, preflights, and what caches and developers are told.
 */
import { describe, expect, test } from "vitest";
import { cors, type CorsOptions, NotFound } from "ambit/web";
import { type Passage, through } from "./through.ts";

const APP = "https://app.example";
const EVIL = "https://evil.example";

function ask(
  options: CorsOptions,
  origin: string | null,
  handler = (): unknown => "x",
): Promise<Passage> {
  return through(cors(options), origin === null ? {} : { headers: { origin } }, handler);
}

function preflight(
  options: CorsOptions,
  headers: Record<string, string> = {},
  origin = APP,
): Promise<Passage> {
  const asked = { origin, "access-control-request-method": "PUT", ...headers };
  return through(cors(options), { method: "OPTIONS", headers: asked }, () => "the handler");
}

const allowed = ({ header }: Passage): string | null => header("access-control-allow-origin");

describe("an answer", () => {
  test("may be read by pages of the origins that are named, and depends on the origin", async () => {
    const options = { origins: [APP, "http://localhost:3000"] };
    for (const origin of options.origins) {
      const passage = await ask(options, origin);
      expect([allowed(passage), passage.header("vary")]).toEqual([origin, "Origin"]);
    }
    const denied = await ask(options, EVIL);
    expect([denied.text, allowed(denied), denied.header("vary")]).toEqual(["x", null, "Origin"]);
    const direct = await ask(options, null);
    expect([direct.text, allowed(direct), direct.header("vary")]).toEqual(["x", null, "Origin"]);
  });

  test("for everybody is the same for everybody", async () => {
    for (const origin of [APP, "null", null]) {
      const passage = await ask({ origins: "*" }, origin);
      expect([allowed(passage), passage.header("vary")]).toEqual(["*", null]);
    }
  });

  test("that is an error can be read too", async () => {
    const passage = await ask({ origins: APP }, APP, () => {
      throw new NotFound("no such thing");
    });
    expect([passage.status, allowed(passage)]).toEqual([404, APP]);
  });

  test("an expression must match the whole origin", async () => {
    const options = { origins: /https:\/\/[a-z]+\.app\.example/g };
    for (let round = 0; round < 2; round++)
      expect(allowed(await ask(options, "https://a.app.example"))).toBe("https://a.app.example");
    expect(allowed(await ask(options, "https://a.app.example.evil.example"))).toBe(null);
    expect(allowed(await ask(options, "http://x/https://a.app.example"))).toBe(null);
    const either = { origins: /https:\/\/a\.example|https:\/\/b\.example/ };
    expect(allowed(await ask(either, "https://a.example.evil"))).toBe(null);
    expect(allowed(await ask(either, "https://b.example"))).toBe("https://b.example");
  });

  test("a function may look at the request and take its time", async () => {
    const options: CorsOptions = {
      origins: async (origin, { path }) => {
        await Promise.resolve();
        return origin === APP && path === "/";
      },
    };
    expect(allowed(await ask(options, APP))).toBe(APP);
    expect(allowed(await ask(options, EVIL))).toBe(null);
  });

  test("credentials and headers to read are told to pages that may", async () => {
    const options = { origins: [APP], credentials: true, exposeHeaders: ["X-Total", "Link"] };
    const { header } = await ask(options, APP);
    expect(header("access-control-allow-credentials")).toBe("true");
    expect(header("access-control-expose-headers")).toBe("X-Total, Link");
    const denied = await ask(options, EVIL);
    expect(denied.header("access-control-allow-credentials")).toBe(null);
    expect(denied.header("access-control-expose-headers")).toBe(null);
  });
});

describe("a preflight", () => {
  test("is answered in the place of the handler", async () => {
    const { status, text, header } = await preflight({ origins: [APP] });
    expect([status, text]).toEqual([204, ""]);
    expect(header("access-control-allow-origin")).toBe(APP);
    expect(header("access-control-allow-methods")).toBe("GET, HEAD, PUT, PATCH, POST, DELETE");
    expect(header("access-control-allow-headers")).toBe(null);
    expect(header("access-control-max-age")).toBe("600");
    expect(header("vary")).toBe(
      "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    );
  });

  test("allows the headers that are asked for, or those that are named", async () => {
    const asked = { "access-control-request-headers": "content-type, x-api-key" };
    const any = await preflight({ origins: "*" }, asked);
    expect(any.header("access-control-allow-headers")).toBe("content-type, x-api-key");
    const named = { origins: "*", allowHeaders: ["Content-Type"] };
    expect((await preflight(named, asked)).status).toBe(403);
    const good = await preflight(named, { "access-control-request-headers": "content-type" });
    expect(good.header("access-control-allow-headers")).toBe("content-type");
  });

  test.each([
    [{ origins: [APP] }, {}, EVIL, `CORS: the origin ${EVIL} is not allowed`],
    [{ origins: [APP] }, {}, "null", "CORS: the origin null is not allowed"],
    [{ origins: [APP], methods: ["GET"] }, {}, APP, "CORS: the method PUT is not allowed"],
    [{ origins: "*" }, { "access-control-request-method": "put" }, APP, "the method put is not"],
    [
      { origins: "*", allowHeaders: ["a"] },
      { "access-control-request-headers": "A, b" },
      APP,
      "CORS: the header b is not allowed",
    ],
    [{ origins: "*" }, { "access-control-request-headers": "a b" }, APP, "the header a?b is not"],
  ] as const)(
    "of %j with %j from %s is refused, and says why",
    async (options, headers, origin, why) => {
      const { status, text, header } = await preflight(options, headers, origin);
      expect(status).toBe(403);
      expect(text).toContain(why);
      expect(header("access-control-allow-methods")).toBe(null);
    },
  );

  test("allows a private network to be reached only when told", async () => {
    const asked = { "access-control-request-private-network": "true" };
    const name = "access-control-allow-private-network";
    expect((await preflight({ origins: "*" }, asked)).header(name)).toBe(null);
    const options = { origins: "*", privateNetwork: true };
    expect((await preflight(options, asked)).header(name)).toBe("true");
    expect((await preflight(options)).header(name)).toBe(null);
  });

  test("OPTIONS that is none reaches the handler", async () => {
    const headers = { origin: APP };
    const plain = await through(
      cors({ origins: "*" }),
      { method: "OPTIONS", headers },
      () => "own",
    );
    expect(plain.text).toBe("own");
    const asked = { "access-control-request-method": "PUT" };
    const without = await through(
      cors({ origins: "*" }),
      { method: "OPTIONS", headers: asked },
      () => "own",
    );
    expect(without.text).toBe("own");
  });
});

test.each([
  [undefined, "Expected `options` to be an object with `origins`"],
  [{ origins: "*", credentials: true }, "Expected `options.origins` to name origins"],
  [{ origins: [] }, "Expected `options.origins`"],
  [{ origins: ["null"] }, "anybody can send null"],
  [{ origins: ["*"] }, "origins such as https://example.org"],
  [{ origins: "https://a.example/" }, "origins such as https://example.org"],
  [{ origins: 7 }, "Expected `options.origins`"],
  [{ origins: "*", methods: ["a b"] }, "Expected `options.methods`"],
  [{ origins: "*", allowHeaders: "x" }, "Expected `options.allowHeaders`"],
  [{ origins: "*", exposeHeaders: ["x\r\ny"] }, "Expected `options.exposeHeaders`"],
  [{ origins: "*", maxAge: "1h" }, "Expected `options.maxAge`"],
])("cors(%j) is refused", (options, message) => {
  expect(() => cors(options as never)).toThrow(message);
});
