/**
 * What browsers are told to be careful about.
 */
import { describe, expect, test } from "vitest";
import { json, NONCE, NotFound, type NonceState, ProxyTrust, securityHeaders } from "ambit/web";
import { through } from "./through.ts";

const POLICY = "content-security-policy";
const secure = { peer: { secure: true } };

describe("securityHeaders", () => {
  test("is strict by default", async () => {
    const { request, header } = await through(securityHeaders());
    const { nonce } = request.state as NonceState;
    expect(nonce).toMatch(/^[\w+/]{22}==$/);
    expect(header(POLICY)).toBe(
      `default-src 'self'; script-src 'self' 'nonce-${nonce}'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
    );
    const rest = {
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "strict-origin-when-cross-origin",
      "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cross-origin-embedder-policy": null,
      "strict-transport-security": null,
    };
    for (const [name, value] of Object.entries(rest)) expect(header(name), name).toBe(value);
  });

  test("each answer has another nonce", async () => {
    const middleware = securityHeaders();
    const nonces = new Set<unknown>();
    for (let n = 0; n < 100; n++)
      nonces.add(((await through(middleware)).request.state as NonceState).nonce);
    expect(nonces.size).toBe(100);
  });

  test("is on error pages too", async () => {
    const { status, header } = await through(securityHeaders(), {}, () => {
      throw new NotFound();
    });
    expect([status, header(POLICY) !== null]).toEqual([404, true]);
  });

  test("an answer with a policy of its own keeps it", async () => {
    const headers = { [POLICY]: "sandbox", "x-frame-options": "SAMEORIGIN" };
    const { header } = await through(securityHeaders(), {}, () => json({}, { headers }));
    expect([header(POLICY), header("x-frame-options")]).toEqual(["sandbox", "SAMEORIGIN"]);
  });

  test("HTTPS is asked for over https alone, as far as proxies are trusted", async () => {
    const name = "strict-transport-security";
    const headers = { "x-forwarded-proto": "https" };
    expect((await through(securityHeaders(), { headers })).header(name)).toBe(null);
    const app = { proxies: ProxyTrust.from(1) };
    expect((await through(securityHeaders(), { headers, app })).header(name)).toBe(
      "max-age=31536000",
    );
    const all = securityHeaders({ hsts: { includeSubDomains: true, preload: true } });
    expect((await through(all, secure)).header(name)).toBe(
      "max-age=31536000; includeSubDomains; preload",
    );
    const brief = securityHeaders({ hsts: { maxAge: 60_500 } });
    expect((await through(brief, secure)).header(name)).toBe("max-age=60");
    expect((await through(securityHeaders({ hsts: false }), secure)).header(name)).toBe(null);
  });

  test("directives are added to the default ones, replace them or take them out", async () => {
    const csp = {
      "img-src": ["*"],
      "style-src": false,
      "script-src": ["https://cdn.example.com:8443/a"],
      "connect-src": ["'self'", "wss://test.example"],
      "upgrade-insecure-requests": true,
      "frame-ancestors": ["'self'"],
    };
    const { header, request } = await through(securityHeaders({ csp }));
    expect(header(POLICY)).toBe(
      "default-src 'self'; script-src https://cdn.example.com:8443/a; img-src *; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; connect-src 'self' wss://test.example; upgrade-insecure-requests",
    );
    expect(header("x-frame-options")).toBe("SAMEORIGIN");
    // No hole for a nonce: none is made.
    expect((request.state as NonceState).nonce).toBe("");
  });

  test("old browsers are told nothing that they would get wrong", async () => {
    const csp = { "frame-ancestors": ["https://a.example"] };
    expect((await through(securityHeaders({ csp }))).header("x-frame-options")).toBe(null);
  });

  test("each header can be another one, or left out", async () => {
    const { header } = await through(
      securityHeaders({
        csp: false,
        referrerPolicy: "no-referrer",
        permissionsPolicy: false,
        openerPolicy: false,
        resourcePolicy: "cross-origin",
        embedderPolicy: "require-corp",
      }),
    );
    const names = [POLICY, "x-frame-options", "referrer-policy", "permissions-policy"];
    expect(names.map(header)).toEqual([null, null, "no-referrer", null]);
    const policies = ["opener", "resource", "embedder"].map(
      (each) => `cross-origin-${each}-policy`,
    );
    expect(policies.map(header)).toEqual([null, "cross-origin", "require-corp"]);
  });

  test("a policy can be tried first", async () => {
    const { header } = await through(securityHeaders({ cspReportOnly: true }));
    expect([header(POLICY), header(`${POLICY}-report-only`) !== null]).toEqual([null, true]);
  });

  test.each([
    [{ csp: { "script-src": "'self'" } }, "Expected `csp.script-src` to be a list of sources"],
    [{ csp: { "img-src": ["a; script-src *"] } }, "Expected `csp.img-src` to be sources without"],
    [{ csp: { "img-src": ["a, b"] } }, "sources without spaces"],
    [{ csp: { "img-src": ["a\r\nX: y"] } }, "sources without spaces"],
    [{ csp: { "img-src": ["\0"] } }, "sources without spaces"],
    [{ csp: { "img-src": ["self"] } }, `the source with its quotes: "'self'"`],
    [{ csp: { "script-src": ["nonce-abc"] } }, "the source with its quotes"],
    [{ csp: { imgSrc: ["*"] } }, "Expected `csp` to be directives such as img-src"],
    [{ referrerPolicy: "a\r\nb" }, "Expected `referrer-policy` to be the value of a header"],
    [{ hsts: { maxAge: -1 } }, "Expected `options.hsts.maxAge`"],
    [{ hsts: { maxAge: "1y" } }, "Expected `options.hsts.maxAge`"],
    [{ hsts: { preload: true } }, "as `preload` is true"],
  ])("%j is refused", (options, message) => {
    expect(() => securityHeaders(options as never)).toThrow(message);
  });

  test("a nonce can stand wherever a directive wants one", async () => {
    const csp = { "script-src": [NONCE, "'strict-dynamic'"], "style-src": ["'self'"] };
    const { header, request } = await through(securityHeaders({ csp }));
    const { nonce } = request.state as NonceState;
    expect(header(POLICY)).toContain(
      `script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'self'`,
    );
  });
});
