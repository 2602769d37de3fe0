/*
 * The cookie jar: who may set what for whom, what is sent where, and until when.
 */
import { inspect } from "node:util";
import { sleep } from "ambit";
import { Cookie, CookieJar, DummyCookieJar } from "ambit/http";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

/** What a jar sends to `to` after `from` has set the cookies. */
function sent(to: string, from: string, ...setCookie: string[]): string {
  const jar = new CookieJar({ unsafe: true });
  jar.store(new URL(from), setCookie);
  return jar.cookieHeader(new URL(to));
}

describe("the domain of a cookie", () => {
  test.each([
    ["http://a.example.com/", "http://a.example.com/", "x=1", "x=1"],
    ["http://b.a.example.com/", "http://a.example.com/", "x=1", ""],
    ["http://b.a.example.com/", "http://a.example.com/", "x=1; Domain=a.example.com", "x=1"],
    ["http://c.example.com/", "http://a.example.com/", "x=1; Domain=.Example.COM", "x=1"],
    ["http://notexample.com/", "http://a.example.com/", "x=1; Domain=example.com", ""],
    ["http://a.example.com:81/", "http://a.example.com:80/", "x=1", "x=1"],
    [
      "http://bücher.example.com/",
      "http://bücher.example.com/",
      "x=1; Domain=bücher.example.com",
      "x=1",
    ],
    ["http://a.localhost/", "http://b.localhost/", "x=1; Domain=localhost", "x=1"],
    ["http://intranet/", "http://intranet/", "x=1; Domain=intranet", "x=1"],
  ])("decides that a request to %s gets what %s set as `%s`", (to, from, setCookie, expected) => {
    expect(sent(to, from, setCookie)).toBe(expected);
  });

  test.each([
    ["a foreign one", "http://a.example.com/", "x=1; Domain=example.org"],
    ["one below the host", "http://example.com/", "x=1; Domain=a.example.com"],
    ["one that only ends like the host", "http://example.com/", "x=1; Domain=ple.com"],
    ["a top-level domain", "http://example.com/", "x=1; Domain=com"],
    ["a public suffix of a registry", "http://shop.co.uk/", "x=1; Domain=co.uk"],
    ["a public suffix of a company", "http://me.github.io/", "x=1; Domain=github.io"],
    ["none that a host could have", "http://example.com/", "x=1; Domain=[:::"],
  ])("may not be %s", (_, from, setCookie) => {
    const jar = new CookieJar();
    jar.store(new URL(from), [setCookie]);
    expect([...jar]).toEqual([]);
  });

  test("that is a public suffix and the host itself is for that host alone", () => {
    expect(sent("http://github.io/", "http://github.io/", "x=1; Domain=github.io")).toBe("x=1");
    expect(sent("http://me.github.io/", "http://github.io/", "x=1; Domain=github.io")).toBe("");
  });
});

describe("an IP address as host", () => {
  test.each(["http://127.0.0.1:8080/", "http://[::1]/"])("sets no cookies: %s", (url) => {
    const jar = new CookieJar();
    jar.store(new URL(url), ["x=1"]);
    expect(jar.size).toBe(0);
  });

  test.each([
    ["http://127.0.0.1:8080/", "x=1; Domain=127.0.0.1"],
    ["http://[::1]/", "x=1"],
  ])("sets cookies for itself in an unsafe jar: %s", (url, setCookie) => {
    expect(sent(url, url, setCookie)).toBe("x=1");
    expect(sent("http://1.127.0.0.1.example.com/", url, setCookie)).toBe("");
  });

  test("has no domain above it", () => {
    expect(sent("http://127.0.0.1/", "http://127.0.0.1/", "x=1; Domain=0.0.1")).toBe("");
  });

  test("gets what the caller put in for it, in any jar", () => {
    const jar = new CookieJar();
    jar.update({ x: "1" }, "http://127.0.0.1:1/deep/path");
    expect(jar.cookieHeader(new URL("http://127.0.0.1:2/"))).toBe("x=1");
  });
});

describe("the path of a cookie", () => {
  test.each([
    ["/a", "x=1; Path=/a", "x=1"],
    ["/a/b", "x=1; Path=/a", "x=1"],
    ["/ab", "x=1; Path=/a", ""],
    ["/", "x=1; Path=/a", ""],
    ["/a/b", "x=1; Path=/a/", "x=1"],
    ["/set/here", "x=1", "x=1"],
    ["/set", "x=1", "x=1"],
    ["/other", "x=1", ""],
    ["/set/x", "x=1; Path=relative", "x=1"],
    ["/a%20b/c", "x=1; Path=/a%20b", "x=1"],
  ])("decides whether a request to %s gets `%s`", (path, setCookie, expected) => {
    expect(sent(`http://h.test${path}`, "http://h.test/set/cookie", setCookie)).toBe(expected);
  });

  test("puts the longest first, then the oldest, though that was set anew", () => {
    const set = ["a=1; Path=/", "b=1; Path=/", "c=1; Path=/x", "a=2; Path=/"];
    expect(sent("http://h.test/x/y", "http://h.test/", ...set)).toBe("c=1; a=2; b=1");
  });
});

describe("a secure cookie", () => {
  test("comes from and goes to encrypted connections only", () => {
    const [plain, encrypted] = ["http://h.test/", "https://h.test/"];
    expect(sent(encrypted, encrypted, "x=1; Secure")).toBe("x=1");
    expect(sent("wss://h.test/", encrypted, "x=1; Secure")).toBe("x=1");
    expect(sent(plain, encrypted, "x=1; Secure")).toBe("");
    expect(sent(encrypted, plain, "x=1; Secure")).toBe("");
  });

  test("is also for the origins that are treated as secure, ports told apart", () => {
    const jar = new CookieJar({ treatAsSecureOrigin: ["http://h.test:81/path"] });
    jar.store(new URL("http://h.test:81/"), ["x=1; Secure"]);
    expect(jar.cookieHeader(new URL("http://h.test:81/"))).toBe("x=1");
    expect(jar.cookieHeader(new URL("http://h.test:82/"))).toBe("");
    expect(() => new CookieJar({ treatAsSecureOrigin: "here" })).toThrow(
      "Expected `options.treatAsSecureOrigin` to be origins, such as `http://localhost:80`, got `'here'` (string)",
    );
  });

  test("is not shadowed by one that plain http sets", () => {
    const jar = new CookieJar();
    jar.store(new URL("https://a.example.com/"), ["x=1; Secure; Domain=example.com; Path=/a"]);
    jar.store(new URL("http://a.example.com/"), ["x=2; Path=/a/b", "x=3; Path=/", "y=4; Path=/a"]);
    jar.store(new URL("http://example.com/"), ["x=5; Domain=example.com; Path=/a"]);
    expect(jar.cookieHeader(new URL("https://a.example.com/a/b"))).toBe("x=1; y=4; x=3");
  });

  test.each([
    ["__Secure-x=1; Secure", "__Secure-x=1"],
    ["__Secure-x=1", ""],
    ["__Host-x=1; Secure; Path=/", "__Host-x=1"],
    ["__Host-x=1; Secure", ""],
    ["__Host-x=1; Secure; Path=/; Domain=a.example.com", ""],
    ["__hOsT-x=1; Path=/", ""],
  ])("keeps what its name promises: `%s`", (setCookie, expected) => {
    expect(sent("https://a.example.com/", "https://a.example.com/", setCookie)).toBe(expected);
  });
});

describe("a cookie's time", () => {
  const url = new URL("http://h.test/");

  test("ends after Max-Age seconds of the loop's clock, however often it is sent", async () => {
    await runVirtual(async () => {
      const jar = new CookieJar();
      jar.store(url, ["x=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "y=1"]);
      await sleep(59_000);
      expect(jar.cookieHeader(url)).toBe("x=1; y=1");
      await sleep(999);
      expect(jar.cookieHeader(url)).toBe("x=1; y=1");
      await sleep(1);
      expect([...jar].map(({ name }) => name)).toEqual(["y"]);
      expect([jar.cookieHeader(url), jar.size]).toEqual(["y=1", 1]);
    });
  });

  test("ends at Expires", async () => {
    await runVirtual(async () => {
      const jar = new CookieJar();
      jar.store(url, [`x=1; Expires=${new Date(Date.now() + 10_000).toUTCString()}`]);
      await sleep(8000);
      expect(jar.cookieHeader(url)).toBe("x=1");
      await sleep(3000);
      expect(jar.cookieHeader(url)).toBe("");
    });
  });

  test.each(["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])(
    "that is over deletes it: %s",
    (attribute) => {
      expect(sent(url.href, url.href, "x=1", `x=; ${attribute}`)).toBe("");
    },
  );

  test.each(["Max-Age=999999999999999999", `Max-Age=${"9".repeat(400)}`])(
    "may be very long",
    (age) => {
      expect(sent(url.href, url.href, `x=1; ${age}`)).toBe("x=1");
      const jar = new CookieJar();
      jar.store(url, [`x=1; ${age}`]);
      expect(new Date([...jar][0]?.expires ?? NaN).getTime()).toBe(8.64e15);
    },
  );
});

describe("what a server sends as set-cookie", () => {
  test.each([
    ["", "an empty header"],
    ["x", "no pair"],
    ["=1", "no name"],
    ["x=\u0001", "a control character"],
    ["x=a\u007fb", "a delete character, which no header may have"],
    [`x=${"1".repeat(4096)}`, "more than 4096 characters"],
  ])("is left out when it is %j: %s", (setCookie) => {
    expect(sent("http://h.test/", "http://h.test/", setCookie)).toBe("");
  });

  test("keeps its value to the letter", () => {
    const set = ['a="q, \\ d"', "b=x=y=z", "c=\u00fc", "d="];
    expect(sent("http://h.test/", "http://h.test/", ...set)).toBe(set.join("; "));
  });

  test("is never more than 180 cookies for a domain: unused ones go first", () => {
    const jar = new CookieJar();
    const url = new URL("http://h.test/");
    jar.store(url, ["used=1; Path=/used"]);
    for (let i = 0; i < 179; i++) jar.store(url, [`c${i}=1; Path=/else`]);
    jar.cookieHeader(new URL("http://h.test/used"));
    for (let i = 0; i < 21; i++) jar.store(url, [`d${i}=1; Path=/else`]);
    expect(jar.size).toBe(180);
    expect([...jar].slice(0, 2).map(({ name }) => name)).toEqual(["used", "c21"]);
  });
});

test("cookies for every host give way to those of the host", () => {
  const jar = new CookieJar();
  jar.update({ shared: "1", x: "2" });
  jar.update({ x: "3" }, "http://h.test/");
  expect(jar.cookieHeader(new URL("http://h.test/"))).toBe("shared=1; x=3");
  expect(jar.cookieHeader(new URL("https://127.0.0.1/a"))).toBe("shared=1; x=2");
});

test("a jar takes in all of another", () => {
  const [from, into] = [new CookieJar(), new CookieJar()];
  from.store(new URL("https://h.test/"), ["x=1; Secure; HttpOnly; SameSite=Lax; Max-Age=9"]);
  into.update(from);
  expect([...into]).toEqual([...from]);
  expect([...into][0]).toMatchObject({ domain: "h.test", httpOnly: true, sameSite: "lax" });
});

test.each([
  [{ "a b": "1" }, "Expected `cookies` to be cookies whose names are tokens, got `'a b'` (string)"],
  [{ a: 1 }, "Expected `cookies` to have a string as cookie `a`"],
  [{ a: "1;2" }, "without `;` as cookie `a`: encode it, with encodeURIComponent for one"],
  [{ a: "ü" }, "Expected `cookies` to have visible ASCII"],
  [{ a: " 1" }, "Expected `cookies` to have visible ASCII"],
  [{ a: "secret\r\nX: 1" }, "Expected `cookies` to have visible ASCII"],
  ["a=1", "Expected `cookies` to be an object of cookies, or pairs, got `'a=1'` (string)"],
])("cookies that cannot be sent as they are are refused: %j", (cookies, message) => {
  const update = () => new CookieJar().update(cookies as never);
  expect(update).toThrow(TypeError);
  expect(update).toThrow(message);
  expect(update).not.toThrow("secret");
});

test("cookies are removed by domain, by condition, or all", () => {
  const jar = new CookieJar();
  for (const host of ["example.com", "a.example.com", "notexample.com"])
    jar.update({ [host]: "1" }, `http://${host}/`);
  jar.update({ shared: "1" });
  const names = () => [...jar].map(({ name }) => name);
  jar.clearDomain(".Example.com");
  expect(names()).toEqual(["notexample.com", "shared"]);
  jar.clear(({ name }) => name === "shared");
  expect(names()).toEqual(["notexample.com"]);
  jar.clear();
  expect([names(), jar.size]).toEqual([[], 0]);
});

test("printing shows no value", () => {
  const jar = new CookieJar({ unsafe: true });
  jar.store(new URL("https://example.com/"), ["id=hunter2; Domain=example.com; Secure; HttpOnly"]);
  jar.update({ any: "hunter2" });
  jar.update({ own: "hunter2" }, "http://h.test/");
  expect(inspect([jar, ...jar, { jar: [...jar] }], { depth: 9, showHidden: true })).not.toContain(
    "hunter2",
  );
  expect([jar, ...jar].map((each) => inspect(each))).toEqual([
    "<CookieJar cookies=3 domains=3>",
    "<Cookie id=*** for *.example.com/ secure httpOnly>",
    "<Cookie any=*** for any host>",
    "<Cookie own=*** for h.test/>",
  ]);
});

test("what is sent is what filter tells", () => {
  const jar = new CookieJar();
  jar.store(new URL("http://h.test/"), ["a=1", "b=2; Path=/b"]);
  const cookies = jar.filter("http://h.test/b");
  expect(cookies.every((each) => each instanceof Cookie)).toBe(true);
  expect(cookies.map(({ name }) => name)).toEqual(["b", "a"]);
});

test("a dummy jar keeps nothing", () => {
  const jar = new DummyCookieJar();
  jar.store(new URL("http://h.test/"), ["a=1"]);
  expect(jar.cookieHeader(new URL("http://h.test/"))).toBe("");
});

test("whatever servers set, every cookie goes to hosts and paths that it covers, and can be sent", () => {
  const hosts = fc.constantFrom("example.com", "a.example.com", "b.a.example.com", "example.org");
  const paths = fc.constantFrom("/", "/a", "/a/", "/a/b", "/ab");
  const octets = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  });
  const domain = fc.option(
    hosts.map((host) => `; Domain=${host}`),
    { nil: "" },
  );
  const path = fc.option(
    paths.map((each) => `; Path=${each}`),
    { nil: "" },
  );
  const setting = fc.tuple(hosts, paths, octets, octets, domain, path);
  fc.assert(
    fc.property(fc.array(setting), hosts, paths, (settings, host, at) => {
      const jar = new CookieJar();
      for (const [from, where, name, value, ...rest] of settings)
        jar.store(new URL(`http://${from}${where}`), [`${name}=${value}${rest.join("")}`]);
      const url = new URL(`http://${host}${at}`);
      expect(jar.cookieHeader(url)).toMatch(/^[\x20-\x7e\x80-\xff]*$/);
      for (const cookie of jar.filter(url)) {
        const below = host.endsWith(`.${cookie.domain}`) && !cookie.hostOnly;
        expect(host === cookie.domain || below).toBe(true);
        expect(at === cookie.path || at.startsWith(cookie.path.replace(/\/?$/, "/"))).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});
