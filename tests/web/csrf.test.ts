/**
 * Requests that other sites' pages make a browser send, and those that are meant.
 */
import { describe, expect, test } from "vitest";
import { csrf, type CsrfOptions, ProxyTrust } from "ambit/web";
import { through, type ThroughInit } from "./through.ts";

async function statusOf(
  headers: Record<string, string>,
  options: CsrfOptions = {},
  init: ThroughInit = {},
): Promise<number> {
  return (await through(csrf(options), { method: "POST", headers, ...init })).status;
}

describe("csrf", () => {
  test.each([
    ["same-origin", 200],
    ["none", 200],
    ["same-site", 403],
    ["cross-site", 403],
    ["", 403],
    ["Same-Origin", 403],
    ["same-origin, none", 403],
  ])("a POST with Sec-Fetch-Site %j: %i, whatever its origin says", async (site, status) => {
    for (const origin of ["http://test.example", "https://evil.example", "null"])
      expect(await statusOf({ "sec-fetch-site": site, origin })).toBe(status);
    expect(await statusOf({ "sec-fetch-site": site })).toBe(status);
  });

  test.each([
    ["http://test.example", 200],
    ["https://test.example", 200],
    ["https://test.example:443", 200],
    ["https://test.example:8443", 403],
    ["https://www.test.example", 403],
    ["https://test.example.evil.example", 403],
    ["null", 403],
    ["", 403],
    ["nonsense", 403],
    ["file://", 403],
  ])("without Sec-Fetch-Site, a POST from %j: %i", async (origin, status) => {
    expect(await statusOf({ origin })).toBe(status);
  });

  test("a request without a host has no pages of its own", async () => {
    const headers = ["origin", "file://"];
    expect((await through(csrf(), { method: "POST", headers })).status).toBe(403);
  });

  test("who sends neither is no browser, and passes", async () => {
    expect(await statusOf({})).toBe(200);
  });

  test.each([
    ["GET", 200],
    ["HEAD", 200],
    ["OPTIONS", 200],
    ["TRACE", 200],
    ["POST", 403],
    ["PUT", 403],
    ["PATCH", 403],
    ["DELETE", 403],
    ["PROPFIND", 403],
    ["get", 403],
  ])("%s from another site: %i", async (method, status) => {
    expect(await statusOf({ "sec-fetch-site": "cross-site" }, {}, { method })).toBe(status);
  });

  test("the handler is not reached, and the answer says why", async () => {
    let reached = false;
    const headers = { "sec-fetch-site": "cross-site" };
    const { text } = await through(csrf(), { method: "POST", headers }, () => (reached = true));
    expect(reached).toBe(false);
    expect(text).toContain("the request comes from another site's page (cross-site)");
    const other = await through(csrf(), { method: "POST", headers: { origin: "http://a b<" } });
    expect(other.text).toContain("a page of another origin (http://a?b?)");
  });

  test("pages of trusted origins may, exactly those", async () => {
    const options = { trustedOrigins: ["https://Admin.example", "http://localhost:3000"] };
    const from = (origin: string): Promise<number> =>
      statusOf({ "sec-fetch-site": "cross-site", origin }, options);
    expect(await from("https://admin.example")).toBe(200);
    expect(await from("http://localhost:3000")).toBe(200);
    expect(await from("http://admin.example")).toBe(403);
    expect(await from("http://localhost")).toBe(403);
    expect(await from("https://admin.example.evil.example")).toBe(403);
  });

  test("what is exempt passes, and is only asked when it would not", async () => {
    const asked: string[] = [];
    const exempt: CsrfOptions["exempt"] = ({ path }) => {
      asked.push(path);
      return path.startsWith("/hooks/");
    };
    const headers = { "sec-fetch-site": "cross-site" };
    expect(await statusOf(headers, { exempt }, { target: "/hooks/pay" })).toBe(200);
    expect(await statusOf(headers, { exempt }, { target: "/pay" })).toBe(403);
    expect(await statusOf({}, { exempt }, { target: "/home" })).toBe(200);
    expect(asked).toEqual(["/hooks/pay", "/pay"]);
  });

  test("behind a proxy that says so, the host that the visitor asked for counts", async () => {
    const headers = { origin: "https://shop.example", "x-forwarded-host": "shop.example" };
    const proxies = ProxyTrust.from({ proxies: 1, headers: ["host"] });
    expect(await statusOf(headers, {}, { app: { proxies } })).toBe(200);
    expect(await statusOf(headers)).toBe(403);
  });

  test.each([
    [{ trustedOrigins: "https://a.example" }, "Expected `options.trustedOrigins` to be a list"],
    [{ trustedOrigins: ["a.example"] }, "origins such as https://example.org"],
    [{ trustedOrigins: ["https://a.example/path"] }, "origins such as https://example.org"],
    [{ exempt: ["/hooks"] }, "Expected `options.exempt` to be a function"],
  ])("%j is refused", (options, message) => {
    expect(() => csrf(options as never)).toThrow(message);
  });
});
