/*
 * Which proxy the environment asks for, and which hosts it excepts.
 */
import { describe, expect, test } from "vitest";
import { NoProxy } from "../../src/http/noProxy.ts";
import { rulesOfEnvironment } from "../../src/http/proxy.ts";

type Environment = Record<string, string>;

function proxyFor(environment: Environment, url: string): string | null {
  return rulesOfEnvironment(environment).for(new URL(url))?.shown ?? null;
}

describe("the environment", () => {
  test.each<[Environment, string, string | null]>([
    [{}, "http://x/", null],
    [{ http_proxy: "http://p:1" }, "http://x/", "http://p:1"],
    [{ http_proxy: "http://p:1" }, "https://x/", null],
    [{ HTTPS_PROXY: "http://p:1" }, "https://x/", "http://p:1"],
    [{ https_proxy: "https://p" }, "https://x/", "https://p:443"],
    [{ https_proxy: "https://p" }, "wss://x/", "https://p:443"],
    [{ http_proxy: "socks5://p" }, "ws://x/", "socks5://p:1080"],
    [{ all_proxy: "socks5h://p:2" }, "http://x/", "socks5://p:2"],
    [{ ALL_PROXY: "http://a:1", https_proxy: "http://b:2" }, "https://x/", "http://b:2"],
    [{ ALL_PROXY: "http://a:1", https_proxy: "http://b:2" }, "http://x/", "http://a:1"],
    [{ http_proxy: "lower:1", HTTP_PROXY: "upper:2" }, "http://x/", "http://lower:1"],
    [{ http_proxy: "", HTTP_PROXY: "upper:2" }, "http://x/", null],
    [{ http_proxy: " p:3128 " }, "http://x/", "http://p:3128"],
    [{ HTTP_PROXY: "http://evil:1", REQUEST_METHOD: "GET" }, "http://x/", null],
    [{ http_proxy: "http://p:1", REQUEST_METHOD: "GET" }, "http://x/", "http://p:1"],
    [{ HTTPS_PROXY: "http://p:1", REQUEST_METHOD: "GET" }, "https://x/", "http://p:1"],
    [{ http_proxy: "p:1", no_proxy: "x" }, "http://x/", null],
    [{ http_proxy: "p:1", NO_PROXY: "x" }, "http://x/", null],
    [{ http_proxy: "p:1", no_proxy: "", NO_PROXY: "x" }, "http://x/", "http://p:1"],
    [{ https_proxy: "p:1", no_proxy: "x:443" }, "https://x/", null],
    [{ https_proxy: "p:1", no_proxy: "x:443" }, "https://x:444/", "http://p:1"],
    [{ http_proxy: "p:1", no_proxy: "[::1]" }, "http://[::1]:8080/", null],
  ])("%j sends %s through %s", (environment, url, proxy) => {
    expect(proxyFor(environment, url)).toBe(proxy);
  });

  test("that names no proxy is refused by the variable's name, its password unseen", () => {
    const environment = { HTTPS_PROXY: "ftp://me:secret@p" };
    expect(() => rulesOfEnvironment(environment)).toThrow("Expected `HTTPS_PROXY` to be a URL of");
    expect(() => rulesOfEnvironment(environment)).not.toThrow("secret");
  });

  test("may bring user and password", () => {
    const target = rulesOfEnvironment({ http_proxy: "http://u%20x:p@p:1" }).for(
      new URL("http://x"),
    );
    expect(target).toMatchObject({ username: "u x", password: "p", shown: "http://p:1" });
  });
});

describe("NO_PROXY", () => {
  test.each<[string, string, number, boolean]>([
    ["", "x", 80, false],
    ["*", "anything", 80, true],
    ["a, *", "anything", 80, true],
    ["*:8080", "x", 8080, true],
    ["*:8080", "x", 80, false],
    ["example.com", "example.com", 80, true],
    ["example.com", "www.example.com", 80, true],
    ["example.com", "notexample.com", 80, false],
    ["example.com", "example.com.evil.test", 80, false],
    [".example.com", "www.example.com", 80, true],
    [".example.com", "example.com", 80, true],
    ["*.example.com", "a.b.example.com", 80, true],
    ["EXAMPLE.com", "Example.COM", 80, true],
    ["example.com", "example.com.", 80, true],
    ["example.com.", "example.com", 80, true],
    ["a b\tc,d", "c", 80, true],
    ["a,,b", "b", 80, true],
    ["a,,b", "", 80, false],
    ["host:81", "host", 81, true],
    ["host:81", "host", 80, false],
    ["127.0.0.1", "127.0.0.1", 80, true],
    ["127.0.0.1", "127.0.0.2", 80, false],
    ["127.0.0.1:81", "127.0.0.1", 80, false],
    ["10.0.0.0/8", "10.255.1.2", 80, true],
    ["10.0.0.0/8", "11.0.0.1", 80, false],
    ["10.0.0.0/8", "ten.example", 80, false],
    ["10.0.0.0/33", "10.0.0.1", 80, false],
    ["10.0.0.0/", "10.0.0.1", 80, false],
    ["0.0.0.0/0", "8.8.8.8", 80, true],
    ["::1", "::1", 80, true],
    ["[::1]", "::1", 80, true],
    ["[::1]:81", "::1", 81, true],
    ["[::1]:81", "::1", 80, false],
    ["0:0:0:0:0:0:0:1", "::1", 80, true],
    ["fd00::/8", "fd12::1", 80, true],
    ["fd00::/8", "fe80::1", 80, false],
    ["1.2.3.4", "x.1.2.3.4", 80, false],
  ])("%j and the host %s:%d: %s", (list, host, port, covered) => {
    expect(new NoProxy(list).covers(host, port)).toBe(covered);
  });
});
