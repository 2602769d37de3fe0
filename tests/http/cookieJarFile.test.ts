/*
 * Cookies in files. With real files, since that is what they are about; curl, where the machine has
 * it, says whether the Netscape format is what it takes for that.
 */
import { execFile } from "node:child_process";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { sleep } from "ambit";
import { CookieJar } from "ambit/http";
import { runVirtual } from "ambit/testing";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Cookie } from "../../src/http/cookie.ts";
import { fromJson, fromNetscape, toJson, toNetscape } from "../../src/http/cookieJarFile.ts";
import { Origin } from "./origin.ts";

const run = promisify(execFile);
const hasCurl = await run("curl", ["--version"]).then(
  () => true,
  () => false,
);
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "ambit-cookies-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function filled(): CookieJar {
  const jar = new CookieJar();
  jar.store(new URL("https://shop.example.com/"), [
    "id=7; Domain=example.com; Secure; HttpOnly; SameSite=Strict; Max-Age=100",
    "cart=a=b; Path=/cart",
  ]);
  jar.update({ any: "1" });
  return jar;
}

describe("a saved jar", () => {
  test("comes back as it was, but for what has expired meanwhile", async () => {
    await runVirtual(async () => {
      const path = join(folder, "jar.json");
      const jar = filled();
      jar.save(path);
      const other = new CookieJar();
      other.update({ gone: "1" });
      other.load(path);
      expect([...other]).toEqual([...jar]);
      await sleep(100_000);
      other.load(path);
      expect([...other].map(({ name }) => name)).toEqual(["cart", "any"]);
    });
  });

  test("is for its owner alone, replaces the file as a whole, and leaves nothing beside it", () => {
    const inside = mkdtempSync(join(folder, "mode-"));
    const path = join(inside, "jar.json");
    writeFileSync(path, "old", { mode: 0o644 });
    filled().save(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(inside)).toEqual(["jar.json"]);
    expect(() => filled().save(join(inside, "jar.json", "x"))).toThrow("ENOTDIR");
    const before = readFileSync(path, "utf8");
    expect(() => filled().save(path, { format: "xml" as never })).toThrow(
      'Expected `options.format` to be "json" or "netscape", got `\'xml\'` (string)',
    );
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  test("goes where a link leads, which stays a link", () => {
    const inside = mkdtempSync(join(folder, "link-"));
    writeFileSync(join(inside, "target"), "");
    symlinkSync("target", join(inside, "link"));
    filled().save(join(inside, "link"));
    expect(readFileSync(join(inside, "target"), "utf8")).toContain('"version": 1');
    expect(readdirSync(inside).sort()).toEqual(["link", "target"]);
  });
});

describe("a file that is no jar", () => {
  test.each([
    ["{", "it is neither JSON nor a cookies.txt"],
    ['{"secret": 1}', "it is not a file that a jar saved (version 1)"],
    ['{"version": 1, "cookies": [{"name": "secret"}]}', "cookie 1 is not whole"],
    ["secret", "line 1 is not a cookie: 7 fields between tabs, as curl has"],
    ["# fine\n\nh.test\tFALSE\t/\tFALSE\tsoon\tsecret\t1", "line 3 is not a cookie"],
    ["h.test\tFALSE\tsecret\tFALSE\t0\tx\t1", "line 1 is not a cookie"],
  ])("is refused, and the jar stays as it was: %j", (text, message) => {
    const path = join(folder, "bad");
    writeFileSync(path, text);
    const jar = filled();
    const before = [...jar];
    const load = () => jar.load(path);
    expect(load).toThrow(SyntaxError);
    expect(load).toThrow(`cannot load cookies from ${path}: ${message}`);
    expect(load).not.toThrow("secret");
    expect([...jar]).toEqual(before);
  });

  test("says so when it is not there", () => {
    expect(() => new CookieJar().load(join(folder, "none"))).toThrow("ENOENT");
  });
});

describe("the Netscape format", () => {
  test("has a line per cookie, as curl writes it", () => {
    const path = join(folder, "cookies.txt");
    filled().save(path, { format: "netscape" });
    const lines = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => /^(#Http|[^#])/.test(line));
    expect(lines[0]).toMatch(/^#HttpOnly_\.example\.com\tTRUE\t\/\tTRUE\t\d+\tid\t7$/);
    expect(lines[1]).toBe("shop.example.com\tFALSE\t/cart\tFALSE\t0\tcart\ta=b");
    expect(lines).toHaveLength(2);
  });

  test("is read with what others leave out or add", () => {
    const text =
      "# Netscape HTTP Cookie File\r\n\r\n.Example.com\ttrue\t/\tFALSE\t0\tempty\r\n#HttpOnly_h.test\tFALSE\t/\tTRUE\t4102444800\tx\t1\r\n";
    expect(fromNetscape("file", text)).toMatchObject([
      { domain: "example.com", hostOnly: false, name: "empty", value: "", expires: null },
      { domain: "h.test", hostOnly: true, secure: true, httpOnly: true, expires: 4102444800e3 },
    ]);
  });

  test.runIf(hasCurl)("is read and written by curl", async () => {
    const pairs = (header?: string) => header?.split("; ").sort();
    const seen: (string | undefined)[] = [];
    await using origin = await Origin.start((request, answer) => {
      seen.push(request.headers.cookie);
      const set = ["a=x y; Max-Age=1000; HttpOnly", "b=\u00fc; Path=/b", "gone=; Max-Age=0"];
      answer.setHeader("set-cookie", set).end();
    });
    const url = `${origin.url}/b/c`;
    const [into, from] = [join(folder, "curl-writes"), join(folder, "curl-reads")];
    await run("curl", ["-s", "-c", into, url]);
    const jar = new CookieJar({ unsafe: true });
    jar.load(into);
    expect(pairs(jar.cookieHeader(new URL(url)))).toEqual(["a=x y", "b=\u00fc"]);
    jar.update({ "c!": "3" }, url);
    jar.save(from, { format: "netscape" });
    await run("curl", ["-s", "-b", from, url]);
    expect(seen[0]).toBe(undefined);
    expect(pairs(seen[1])).toEqual(["a=x y", "b=\u00fc", "c!=3"]);
  });
});

const octet = (but: RegExp) =>
  fc
    .integer({ min: 0x21, max: 0xff })
    .map((code) => String.fromCharCode(code))
    .filter((char) => !but.test(char) && char !== "\x7f");
const cookies = fc.array(
  fc.record({
    name: fc.string({ unit: octet(/[;=\x80-\x9f]/), minLength: 1, maxLength: 10 }),
    value: fc.string({ unit: octet(/[;\x80-\x9f]/), maxLength: 20 }),
    domain: fc.constantFrom("example.com", "a.example.com", "127.0.0.1", "localhost", "::1"),
    hostOnly: fc.boolean(),
    path: fc.constantFrom("/", "/a", "/a%20b/c"),
    secure: fc.boolean(),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom("strict", "lax", "none", null),
    expires: fc.option(fc.integer({ min: 1, max: 8.64e12 }).map((seconds) => seconds * 1000)),
  }),
  { maxLength: 5 },
);

test("whatever cookies there are, JSON gives them back", () => {
  fc.assert(
    fc.property(cookies, (list) => {
      const made = list.map((fields) => new Cookie(fields));
      expect(fromJson("file", toJson(made))).toEqual(made);
    }),
  );
});

test("whatever cookies there are, the Netscape format gives back all but SameSite", () => {
  fc.assert(
    fc.property(cookies, (list) => {
      const made = list.map((fields) => new Cookie({ ...fields, sameSite: null }));
      expect(fromNetscape("file", toNetscape(made))).toEqual(made);
    }),
  );
});
