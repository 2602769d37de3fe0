/*
 * Who requests are from: Basic, Bearer, and the netrc file, which is a real file here.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { createTask, isCancelled, sleep } from "ambit";
import { type Auth, basicAuth, bearerAuth, Netrc } from "ambit/http";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authOf, sessionAuthOf } from "../../src/http/auth.ts";
import { netrcOf } from "../../src/http/netrc.ts";

const url = new URL("https://example.com/");
const headerOf = (auth: Auth | null, at = url) => auth?.authorization(at);

describe("basic authentication", () => {
  test("sends login and password as UTF-8", () => {
    // The example of RFC 7617, 2.1.
    expect(headerOf(basicAuth("test", "123£"))).toBe("Basic dGVzdDoxMjPCow==");
    expect(headerOf(authOf("auth", { login: "a", password: "b:c" }))).toBe(
      `Basic ${btoa("a:b:c")}`,
    );
    expect(headerOf(authOf("auth", { login: "a" }))).toBe(`Basic ${btoa("a:")}`);
  });

  test.each([
    [
      ["a:b", "c"],
      "Expected `login` to be a name without `:`, which ends it, got `'a:b'` (string)",
    ],
    [["a\n", "c"], "Expected `login` to be a string without control characters"],
    [[1, "c"], "Expected `login` to be a string without control characters, got `1` (number)"],
    [["a", "secret\r"], "Expected `password` to be a string without control characters"],
    [["a", undefined], "Expected `password` to be a string without control characters"],
  ])("refuses what cannot be sent: %j", (credentials, message) => {
    const call = () => basicAuth(...(credentials as [string, string]));
    expect(call).toThrow(TypeError);
    expect(call).toThrow(message);
    expect(call).not.toThrow("secret");
  });
});

describe("bearer authentication", () => {
  test("sends the token, or what a function gives, sooner or later", async () => {
    expect(headerOf(bearerAuth("a.b-c"))).toBe("Bearer a.b-c");
    let count = 0;
    const counted = bearerAuth(() => `t${++count}`);
    expect([headerOf(counted), headerOf(counted)]).toEqual(["Bearer t1", "Bearer t2"]);
    await runVirtual(async () => {
      const late = bearerAuth(async () => {
        await sleep(1000);
        return "late";
      });
      expect(await headerOf(late)).toBe("Bearer late");
    });
  });

  test("is let go by a cancel while the token is not there", async () => {
    await runVirtual(async () => {
      const never = bearerAuth(() => new Promise(() => undefined));
      const task = createTask(async () => headerOf(never));
      await sleep(1);
      task.cancel();
      expect(await Promise.resolve(task).catch(isCancelled)).toBe(true);
    });
  });

  test.each(["", "two words", "tök", "a\r\nb"])(
    "refuses a token that cannot be one: %j",
    async (token) => {
      const message = "Expected `token` to be a string of visible ASCII characters, without spaces";
      expect(() => bearerAuth(token)).toThrow(message);
      expect(() => headerOf(bearerAuth(() => token))).toThrow(message);
      await expect(headerOf(bearerAuth(async () => token))).rejects.toThrow(message);
    },
  );
});

describe("the option auth", () => {
  test("takes a whole header, or whatever gives one", () => {
    expect(headerOf(authOf("auth", "ApiKey abc, x=1"))).toBe("ApiKey abc, x=1");
    const own: Auth = { authorization: ({ host }) => `Own ${host}` };
    expect(headerOf(authOf("auth", own))).toBe("Own example.com");
  });

  test.each([
    [
      "secret",
      "Expected `auth` to be a whole header such as `Bearer …`: for a token alone there is",
    ],
    ["Bearer x\r\nsecret: 1", "Expected `auth` to be a whole header"],
    [
      7,
      "Expected `auth` to be `{ login, password }`, a header such as `Bearer …`, or an Auth, got `7` (number)",
    ],
    [null, "got `null` (null)"],
  ])("refuses %j", (input, message) => {
    expect(() => authOf("auth", input as never)).toThrow(message);
    expect(() => authOf("auth", input as never)).not.toThrow("secret");
  });

  test("of a session with a base URL is for that origin alone", () => {
    const auth = sessionAuthOf("Bearer x", "https://example.com/api/");
    expect(headerOf(auth)).toBe("Bearer x");
    expect(headerOf(auth, new URL("https://example.com:444/api/"))).toBe(null);
    expect(headerOf(auth, new URL("http://example.com/api/"))).toBe(null);
    expect(headerOf(sessionAuthOf("Bearer x", undefined), new URL("http://any/"))).toBe("Bearer x");
    expect(sessionAuthOf(undefined, undefined)).toBe(null);
  });
});

test("printing shows no secret", () => {
  const all = [
    basicAuth("ada", "hunter2"),
    bearerAuth("hunter2"),
    bearerAuth(() => "hunter2"),
    authOf("auth", "Token hunter2"),
    Netrc.parse("machine h login ada password hunter2\ndefault login x password hunter2"),
  ];
  const printed = all.map((auth) => inspect(auth, { showHidden: true, depth: 9 }));
  expect(printed).toEqual([
    "<Basic ***>",
    "<Bearer ***>",
    "<Bearer ***>",
    "<Token ***>",
    "<Netrc hosts=1 default>",
  ]);
});

describe("a netrc file", () => {
  test("is read as curl and Python read it", () => {
    const netrc = Netrc.parse(`# all of it
machine a.example.com # mine
  login ada password "two \\"words\\" \\\\ and\\ttab"
  account extra
macdef init
  cd /machine x
  password ignored

machine B.example.com login "" password #hash
machine a.example.com login second password second
machine nobody.example.com
default user anon password me@
`);
    expect(netrc.lookup("A.example.com")).toEqual({
      login: "ada",
      password: 'two "words" \\ and\ttab',
      account: "extra",
    });
    expect(netrc.lookup("b.example.com")).toMatchObject({ login: "", password: "#hash" });
    expect(netrc.lookup("elsewhere")).toMatchObject({ login: "anon", password: "me@" });
    expect(headerOf(netrc, new URL("http://x:81/"))).toBe(`Basic ${btoa("anon:me@")}`);
    expect(headerOf(netrc, new URL("http://nobody.example.com/"))).toBe(null);
    expect(headerOf(Netrc.parse(""))).toBe(null);
  });

  test.each([
    ["machine", "netrc, line 1: nothing comes after `machine`"],
    ["\nmachine h login", "netrc, line 2: nothing comes after `login`"],
    ["login secret", "netrc, line 1: expected `machine`, `default`, `login` or `password`"],
    ["machine h\nlogin x secret y", "netrc, line 2: expected `machine`"],
    ['machine h password "secret\n"', "netrc, line 1: a quote is not closed"],
  ])("that is none says where, and no word of it: %j", (text, message) => {
    expect(() => Netrc.parse(text)).toThrow(SyntaxError);
    expect(() => Netrc.parse(text)).toThrow(message);
    expect(() => Netrc.parse(text)).not.toThrow("secret");
  });

  test("gives back whatever words were written to it", () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.includes("\r"));
    const quoted = (text: string) =>
      `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`;
    const bare = fc.stringMatching(/^[!$-~]([!-~]{0,8})$/).filter((text) => !text.startsWith('"'));
    fc.assert(
      fc.property(
        word,
        word,
        bare,
        fc.constantFrom(" ", "\n", "\t\r\n"),
        (login, password, account, gap) => {
          const words = [
            "machine",
            "h",
            "login",
            quoted(login),
            "password",
            quoted(password),
            "account",
            account,
          ];
          expect(Netrc.parse(words.join(gap)).lookup("h")).toEqual({ login, password, account });
        },
      ),
    );
  });

  describe("is found", () => {
    let folder: string;
    const { NETRC, HOME } = process.env;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "ambit-netrc-"));
      process.env["HOME"] = folder;
    });
    afterAll(() => {
      restore("NETRC", NETRC);
      restore("HOME", HOME);
      rmSync(folder, { recursive: true });
    });
    const restore = (name: string, value: string | undefined) => {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    };
    const login = () => netrcOf(true)?.lookup("h")?.login;

    test("at the path given, under NETRC, or in the home directory, where it may be missing", () => {
      delete process.env["NETRC"];
      expect(login()).toBe(undefined);
      writeFileSync(join(folder, ".netrc"), "machine h login home");
      expect(login()).toBe("home");
      writeFileSync(join(folder, "named"), "machine h login named");
      process.env["NETRC"] = join(folder, "named");
      expect(login()).toBe("named");
      expect(netrcOf(join(folder, ".netrc"))?.lookup("h")?.login).toBe("home");
      process.env["NETRC"] = join(folder, "missing");
      expect(login).toThrow("ENOENT");
      expect(netrcOf(false)).toBe(null);
      expect(() => netrcOf(1 as never)).toThrow(
        "Expected `options.netrc` to be true, false, a path or a Netrc",
      );
    });
  });
});
