/**
 * Who a request came from, through proxies that are trusted and those that are not.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseForwarded, ProxyTrust, type TrustProxy } from "ambit/web";
import { fakeApp, fakeRequest, type FakeInit } from "./fakeExchange.ts";

/** The end of a connection that is a proxy. */
const PROXY = { address: "10.0.0.1" };

function seen(
  trustProxy: TrustProxy,
  headers: FakeInit["headers"] = {},
  peer: FakeInit["peer"] = PROXY,
): { ip: string; scheme: string; host: string; viaProxy: boolean } {
  const app = fakeApp<never>({ proxies: ProxyTrust.from(trustProxy) });
  const { ip, scheme, host, viaProxy } = fakeRequest({ headers, peer }, app);
  return { ip, scheme, host, viaProxy };
}

const everything = {
  "x-forwarded-for": "203.0.113.7",
  "x-forwarded-proto": "https",
  "x-forwarded-host": "shop.example",
  "x-forwarded-port": "8443",
  forwarded: "for=203.0.113.9;proto=https;host=other.example",
};

describe("who is trusted", () => {
  test("nobody, by default: whatever headers say", () => {
    const direct = { ip: "10.0.0.1", scheme: "http", host: "test.example", viaProxy: false };
    expect(seen(false, everything)).toEqual(direct);
    expect(ProxyTrust.from(undefined)).toBe(null);
  });

  test("a connection over TLS is https without any proxy", () => {
    expect(seen(false, {}, { secure: true }).scheme).toBe("https");
  });

  test("a number counts proxies from the end of the list", () => {
    const headers = { "x-forwarded-for": "6.6.6.6, 203.0.113.7, 10.0.0.2" };
    expect(seen(1, headers).ip).toBe("10.0.0.2");
    expect(seen(2, headers).ip).toBe("203.0.113.7");
    expect(seen(9, headers).ip).toBe("6.6.6.6");
  });

  test("networks are walked from the right to the first address that is in none", () => {
    const headers = { "x-forwarded-for": "6.6.6.6, 203.0.113.7, 10.0.0.3, fd00::2" };
    expect(seen(["10.0.0.0/8", "fc00::/7"], headers).ip).toBe("203.0.113.7");
    expect(seen("private", headers).ip).toBe("203.0.113.7");
    expect(seen("10.0.0.1, loopback", headers).ip).toBe("fd00::2");
  });

  test("a peer that is no proxy of ours is not believed, though it sends all the headers", () => {
    const far = { address: "198.51.100.20" };
    const direct = { ip: far.address, scheme: "http", host: "test.example", viaProxy: false };
    expect(seen("private", everything, far)).toEqual(direct);
    expect(seen({ proxies: "private", headers: "forwarded" }, everything, far)).toEqual(direct);
  });

  test("a function is asked for each hop, with its address or hidden name", () => {
    const asked: [string, number][] = [];
    const trust = (address: string, hop: number): boolean => {
      asked.push([address, hop]);
      return hop < 2;
    };
    const headers = { "x-forwarded-for": "1.1.1.1, 203.0.113.7, unknown" };
    expect(seen(trust, headers).ip).toBe("203.0.113.7");
    expect(asked).toEqual([
      ["10.0.0.1", 0],
      ["unknown", 1],
      ["203.0.113.7", 2],
    ]);
  });

  test("`unix` trusts who comes by a unix socket", () => {
    const headers = { "x-forwarded-for": "203.0.113.7" };
    expect(seen("unix", headers, { address: "" }).ip).toBe("203.0.113.7");
    expect(seen("loopback", headers, { address: "" }).ip).toBe("");
  });

  test("IPv4 in IPv6 clothes is the same address", () => {
    const headers = { "x-forwarded-for": "::ffff:203.0.113.7" };
    expect(seen("10.0.0.1", headers, { address: "::ffff:10.0.0.1" }).ip).toBe("203.0.113.7");
    expect(seen(false, {}, { address: "::FFFF:c000:0201" }).ip).toBe("192.0.2.1");
    expect(seen(false, {}, { address: "fe80::1%eth0" }).ip).toBe("fe80::1");
    for (const other of ["2001:db8::ffff:1", "1::ffff:c000:201", "::1:ffff:c000:201"])
      expect(seen(false, {}, { address: other }).ip).toBe(other);
  });

  test.each([
    [true],
    [0],
    [1.5],
    ["10.0.0.0/33"],
    ["example.com"],
    [[]],
    [{ proxies: "loopback", headers: ["ip"] }],
  ])("trustProxy: %j is refused", (option) => {
    expect(() => ProxyTrust.from(option as never)).toThrow(/Expected `trustProxy/);
  });
});

describe("X-Forwarded-…", () => {
  test("the scheme is believed by default, host and port only when asked for", () => {
    const client = { ip: "203.0.113.7", scheme: "https", viaProxy: true };
    expect(seen(1, everything)).toEqual({ ...client, host: "test.example" });
    const all = { proxies: 1, headers: ["for", "proto", "host", "port"] } as const;
    expect(seen(all, everything)).toEqual({ ...client, host: "shop.example:8443" });
  });

  test("a port that the scheme has anyway is left out", () => {
    const port = { proxies: 1, headers: ["proto", "port"] } as const;
    const headers = { host: "a.example:3000", "x-forwarded-proto": "https" };
    expect(seen(port, { ...headers, "x-forwarded-port": "443" }).host).toBe("a.example");
    expect(seen(port, { ...headers, "x-forwarded-port": "80" }).host).toBe("a.example:80");
    expect(seen(port, { ...headers, "x-forwarded-port": "x" }).host).toBe("a.example:3000");
  });

  test("a scheme that a client sent stands left of the proxy's and is not taken", () => {
    const spoofed = { "x-forwarded-for": "1.1.1.1", "x-forwarded-proto": "https, http" };
    expect(seen(1, spoofed).scheme).toBe("http");
    const two = { "x-forwarded-for": "6.6.6.6, 203.0.113.7, 10.0.0.2" };
    expect(seen("private", { ...two, "x-forwarded-proto": "http, https, http" }).scheme).toBe(
      "https",
    );
    expect(seen("private", { ...two, "x-forwarded-proto": "https" }).scheme).toBe("https");
  });

  test("addresses may have ports and brackets", () => {
    const from = (value: string): string => seen(1, { "x-forwarded-for": value }).ip;
    expect(from("203.0.113.7:4711")).toBe("203.0.113.7");
    expect(from("[2001:DB8::7]:4711")).toBe("2001:db8::7");
    expect(from("2001:db8::7")).toBe("2001:db8::7");
  });

  test("what is no address, scheme or host is as if it were not there", () => {
    const all = { proxies: 1, headers: ["for", "proto", "host"] } as const;
    const headers = {
      "x-forwarded-for": "<script>",
      "x-forwarded-proto": "javascript",
      "x-forwarded-host": "a b",
    };
    const direct = { ip: "10.0.0.1", scheme: "http", host: "test.example", viaProxy: true };
    expect(seen(all, headers)).toEqual(direct);
    expect(seen(all, { "x-forwarded-for": "" })).toEqual(direct);
  });

  test("a WebSocket's scheme is that of HTTP", () => {
    expect(seen(1, { "x-forwarded-proto": "wss" }).scheme).toBe("https");
    expect(seen(1, { "x-forwarded-proto": "ws" }).scheme).toBe("http");
  });
});

describe("Forwarded", () => {
  const trust = { proxies: "private", headers: "forwarded" } as const;

  test("is read instead of X-Forwarded-… where the proxies write it", () => {
    expect(seen(trust, everything)).toEqual({
      ip: "203.0.113.9",
      scheme: "https",
      host: "other.example",
      viaProxy: true,
    });
  });

  test("each trusted proxy's element says what came to it", () => {
    const forwarded =
      "for=6.6.6.6;host=evil.example, for=203.0.113.7;proto=https;host=shop.example, for=10.0.0.2;host=inner";
    expect(seen(trust, { forwarded })).toMatchObject({ ip: "203.0.113.7", host: "shop.example" });
  });

  test("hidden names are nobody's address", () => {
    expect(seen(trust, { forwarded: "for=1.1.1.1, for=_gate" }).ip).toBe("10.0.0.1");
    const counted = { proxies: 2, headers: "forwarded" } as const;
    expect(seen(counted, { forwarded: "for=203.0.113.7, for=_gate" }).ip).toBe("203.0.113.7");
    expect(seen(counted, { forwarded: "for=203.0.113.7, proto=https" })).toMatchObject({
      ip: "203.0.113.7",
      scheme: "https",
    });
  });

  test("half a quoted string of a client's swallows nothing of a proxy's", () => {
    for (const evil of ['for="', 'for="10.0.0.9', 'for="a\\', ";;;", 'host="x;for=1.1.1.1'])
      expect(seen(trust, { forwarded: `${evil}, for="[2001:db8::7]"` }).ip, evil).toBe(
        "2001:db8::7",
      );
  });

  test("several lines are one list", () => {
    const forwarded = ["for=203.0.113.7", "for=10.0.0.2"];
    expect(seen(trust, { forwarded }).ip).toBe("203.0.113.7");
  });
});

describe("parseForwarded", () => {
  test("reads the examples of RFC 7239", () => {
    const [first] = parseForwarded('For="[2001:db8:cafe::17]:4711"');
    expect(first?.for).toBe("[2001:db8:cafe::17]:4711");
    expect(parseForwarded("for=192.0.2.60;proto=http;by=203.0.113.43")[0]).toMatchObject({
      for: "192.0.2.60",
      proto: "http",
      by: "203.0.113.43",
      host: null,
    });
    const list = parseForwarded('for=192.0.2.43, for="[2001:db8:cafe::17]", for=unknown');
    expect(list.map((each) => each.for)).toEqual(["192.0.2.43", "[2001:db8:cafe::17]", "unknown"]);
  });

  test("leaves out what stands left of a malformed element", () => {
    for (const bad of ["for", "for=a b", "for=a;for=b", "=a", 'for="a"b'])
      expect(parseForwarded(`for=x, ${bad}, for=y`).map((each) => each.for)).toEqual(["y"]);
    expect(parseForwarded("")).toEqual([]);
    expect(parseForwarded(", ,")).toEqual([]);
  });

  const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const value = fc.string({ unit: fc.constantFrom(...'ab,;="\\ \t[]:.1'), maxLength: 12 });
  const element = fc.uniqueArray(fc.tuple(word, value), {
    minLength: 1,
    maxLength: 4,
    selector: ([name]) => name,
  });
  const written = (pairs: readonly (readonly [string, string])[]): string =>
    pairs.map(([name, text]) => `${name}="${text.replace(/["\\]/g, "\\$&")}"`).join(";");

  test("gives back whatever was written, quotes and separators included", () => {
    fc.assert(
      fc.property(fc.array(element, { maxLength: 4 }), (elements) => {
        const parsed = parseForwarded(elements.map(written).join(", "));
        expect(parsed.map((each) => [...each.parameters])).toEqual(elements);
      }),
    );
  });

  test("whatever a client sends, what a proxy appends is read as the proxy wrote it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'fo=r",;\\ a') }), element, (evil, own) => {
        const last = parseForwarded(`${evil}, ${written(own)}`).at(-1);
        expect([...(last?.parameters ?? [])]).toEqual(own);
      }),
    );
  });
});
