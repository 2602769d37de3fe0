/**
 * Names and passwords (RFC 7617), tokens (RFC 6750).
 */
import * as fc from "fast-check";
import {
  basicAuth,
  bearerAuth,
  InsufficientScope,
  InvalidToken,
  json,
  type Middleware,
  type UserState,
} from "ambit/web";
import { describe, expect, test } from "vitest";
import { type Passage, through } from "./through.ts";

function ask(
  middleware: Middleware<UserState<unknown>>,
  authorization?: string | string[],
): Promise<Passage> {
  const headers = authorization === undefined ? {} : { authorization };
  return through(middleware, { headers }, (request) =>
    json((request.state as UserState<unknown>).user),
  );
}

const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
const outcome = ({ status, header, text }: Passage): unknown[] =>
  status === 200 ? [status, JSON.parse(text)] : [status, header("www-authenticate")];

describe("basicAuth", () => {
  const staff = basicAuth({ realm: "staff", users: { ada: "swordfish", zoë: "pa:ss wörd €" } });
  const asking = 'Basic realm="staff", charset="UTF-8"';

  test.each([
    ["ada:swordfish", "ada"],
    ["zoë:pa:ss wörd €", "zoë"],
    // The same letters, put together another way.
    ["zoe\u0308:pa:ss wo\u0308rd €", "zoë"],
  ])("lets %s in", async (pair, user) => {
    expect(outcome(await ask(staff, basic(pair)))).toEqual([200, user]);
    expect(outcome(await ask(staff, basic(pair).replace("Basic ", "bAsIc   ")))).toEqual([
      200,
      user,
    ]);
  });

  test.each([
    undefined,
    "",
    "Basic",
    "Basic ",
    "Basic !",
    "Bearer x",
    "Basicx",
    basic("ada"),
    basic("ada:"),
    basic("ada:swordfis"),
    basic("ada:swordfishh"),
    basic("Ada:swordfish"),
    basic(":swordfish"),
    basic(":"),
    basic("nobody:"),
    basic("toString:"),
    basic("__proto__:"),
    basic("ada:swordfish\n"),
    basic("ada\0:swordfish"),
    `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString("base64")}`,
    `${basic("ada:swordfish")}, Basic x`,
  ])("%j is asked for a name and password", async (authorization) => {
    expect(outcome(await ask(staff, authorization))).toEqual([401, asking]);
  });

  test("two headers count as none", async () => {
    const good = basic("ada:swordfish");
    expect(outcome(await ask(staff, [good, good]))).toEqual([401, asking]);
  });

  test("a function tells who it is, may take its time, and sees the request", async () => {
    const members = basicAuth({
      check: async (name, password, { path }) => {
        await Promise.resolve();
        return password === "x" && path === "/" ? { name, level: 3 } : undefined;
      },
    });
    expect(outcome(await ask(members, basic("bob:x")))).toEqual([200, { name: "bob", level: 3 }]);
    const denied = await ask(members, basic("bob:y"));
    expect(outcome(denied)).toEqual([401, 'Basic realm="restricted", charset="UTF-8"']);
  });

  test("what a user is may be anything but nothing", async () => {
    expect(outcome(await ask(basicAuth({ check: () => false }), basic("a:b")))).toEqual([
      200,
      false,
    ]);
    expect((await ask(basicAuth({ check: () => null }), basic("a:b"))).status).toBe(401);
  });

  test("a realm can't end its quotes", async () => {
    const odd = basicAuth({ realm: 'a "b\\c"\r\nX: y é', users: { a: "b" } });
    expect((await ask(odd)).header("www-authenticate")).toBe(
      'Basic realm="a \\"b\\\\c\\"??X: y ?", charset="UTF-8"',
    );
  });

  test("whatever the password, it and nothing else lets in", async () => {
    const word = fc
      .string({ unit: "grapheme", minLength: 1 })
      .filter((text) => !/\p{Cc}/u.test(text));
    await fc.assert(
      fc.asyncProperty(word, word, async (password, other) => {
        const users = basicAuth({ users: { ada: password } });
        expect((await ask(users, basic(`ada:${password}`))).status).toBe(200);
        const same = password.normalize("NFC") === other.normalize("NFC");
        expect((await ask(users, basic(`ada:${other}`))).status).toBe(same ? 200 : 401);
      }),
    );
  });

  test.each([
    [{}, "Expected `options.check` to be a function"],
    [{ users: { ada: "" } }, "Expected `options.users` to be names and their passwords"],
    [{ users: { ada: 7 } }, "got `'ada: number'`"],
  ])("%j is refused", (options, message) => {
    expect(() => basicAuth(options as never)).toThrow(message);
  });
});

describe("bearerAuth", () => {
  const robots = bearerAuth({
    realm: "api",
    check: (token) => {
      if (token === "old") throw new InvalidToken("the token has expired", "api");
      if (token === "weak") throw new InsufficientScope("read write");
      return token === "good-._~+/0==" ? { id: 7 } : null;
    },
  });

  test("lets a good token in", async () => {
    expect(outcome(await ask(robots, "Bearer good-._~+/0=="))).toEqual([200, { id: 7 }]);
    expect(outcome(await ask(robots, "bearer  good-._~+/0=="))).toEqual([200, { id: 7 }]);
  });

  test.each([undefined, "", basic("a:b"), "Token good"])(
    "%j is told no error: it has not tried",
    async (authorization) => {
      expect(outcome(await ask(robots, authorization))).toEqual([401, 'Bearer realm="api"']);
    },
  );

  test.each([
    ["Bearer", 400, 'Bearer error="invalid_request", error_description="the token is malformed"'],
    [
      "Bearer a b",
      400,
      'Bearer error="invalid_request", error_description="the token is malformed"',
    ],
    ["Bearer =", 400, 'Bearer error="invalid_request", error_description="the token is malformed"'],
    [
      "Bearer bad",
      401,
      'Bearer realm="api", error="invalid_token", error_description="the token is not valid"',
    ],
    [
      "Bearer old",
      401,
      'Bearer realm="api", error="invalid_token", error_description="the token has expired"',
    ],
    [
      "Bearer weak",
      403,
      'Bearer error="insufficient_scope", error_description="the token does not allow this", scope="read write"',
    ],
  ])("%j: %i with its code", async (authorization, status, expected) => {
    expect(outcome(await ask(robots, authorization))).toEqual([status, expected]);
  });

  test("several headers are a malformed request", async () => {
    const good = "Bearer good-._~+/0==";
    expect(outcome(await ask(robots, [good, good]))).toEqual([
      400,
      'Bearer error="invalid_request", error_description="there are several Authorization headers"',
    ]);
  });

  test("tells which scope it wants; a description can't end its quotes", async () => {
    const scoped = bearerAuth({
      scope: "read",
      check: () => {
        throw new InvalidToken('a "b\\c"');
      },
    });
    expect((await ask(scoped)).header("www-authenticate")).toBe('Bearer scope="read"');
    expect((await ask(scoped, "Bearer x")).header("www-authenticate")).toBe(
      `Bearer error="invalid_token", error_description="a 'b'c'"`,
    );
  });

  test("without a check it is refused", () => {
    expect(() => bearerAuth({} as never)).toThrow("Expected `options.check` to be a function");
    expect(() => bearerAuth(undefined as never)).toThrow("an object with a `check`");
  });
});
