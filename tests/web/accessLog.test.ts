/**
 * A line for each exchange: for machines, for people, and never for who writes into paths.
 */
import * as fc from "fast-check";
import { accessLog, type AccessLogOptions, type AnswerRecord } from "ambit/web";
import { describe, expect, test } from "vitest";
import { type FakeInit, fakeRequest } from "./fakeExchange.ts";

type Over = Partial<Omit<AnswerRecord, "request">> & { state?: object; route?: string };

/** What is written for one exchange. */
function logged(
  options: AccessLogOptions,
  init: FakeInit = {},
  { state = {}, route, ...over }: Over = {},
): string {
  let written = "";
  const write = (text: string): unknown => (written += text);
  const output = { isTTY: false, ...options.output, write };
  const request = fakeRequest(init);
  Object.assign(request.state, state);
  if (route !== undefined) request.route = { path: route, method: "GET", options: {} };
  const record = { status: 200, bytes: 1234, milliseconds: 1.23456, outcome: "finished" } as const;
  accessLog({ ...options, output })({ request, ...record, ...over });
  return written;
}

const terminal = { isTTY: true, hasColors: () => true, write: () => true };
const json = (...args: Parameters<typeof logged>): Record<string, unknown> =>
  JSON.parse(logged(...args)) as Record<string, unknown>;

describe("as JSON", () => {
  test("one object a line, with what machines look for", () => {
    const text = logged({}, { target: "/users/7?token=secret" }, { route: "/users/:id" });
    expect(text).toMatch(/^\{[^\n]+\}\n$/);
    const { time, ...rest } = JSON.parse(text) as Record<string, unknown>;
    expect(new Date(time as string).toISOString()).toBe(time);
    expect(rest).toEqual({
      method: "GET",
      path: "/users/7",
      status: 200,
      bytes: 1234,
      ms: 1.23,
      outcome: "finished",
      ip: "192.0.2.1",
      route: "/users/:id",
    });
  });

  test("how it ended, what was thrown, and what middlewares have found out", () => {
    const error = new Error("line one\nline two");
    const state = { requestId: "r1", user: "ada" };
    const over = { outcome: "disconnected", status: 0, error, state } as const;
    expect(json({}, {}, over)).toMatchObject({
      outcome: "disconnected",
      status: 0,
      error: "Error: line one\nline two",
      id: "r1",
      user: "ada",
    });
    expect(json({}, {}, { error: "text", state: { user: { id: 7 } } })).toEqual(
      expect.not.objectContaining({ user: expect.anything() as unknown }),
    );
  });

  test("the query only when asked for, more fields, and what is left out", () => {
    const target = "/a?b=c";
    expect(json({ query: true }, { target })).toMatchObject({ path: "/a?b=c" });
    const fields: AccessLogOptions["fields"] = ({ request }) => ({
      agent: request.headers.get("user-agent"),
      ip: "hidden",
    });
    const headers = { "user-agent": "curl" };
    expect(json({ fields }, { headers })).toMatchObject({ agent: "curl", ip: "hidden" });
    const skip: AccessLogOptions["skip"] = ({ request }) => request.path === "/health";
    expect(logged({ skip }, { target: "/health" })).toBe("");
    expect(logged({ skip }, { target: "/" })).not.toBe("");
  });
});

describe("as Apache writes it", () => {
  test("the fields of `combined`, in their order", () => {
    const headers = { referer: "https://a.example/", "user-agent": 'odd "agent" \\ \x1b[31m é' };
    const text = logged(
      { format: "combined" },
      { headers, target: "/x" },
      { state: { user: "a b" } },
    );
    expect(text).toMatch(
      /^192\.0\.2\.1 - a\\x20b \[\d\d\/[A-Z][a-z][a-z]\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/x HTTP\/1\.1" 200 1234 "https:\/\/a\.example\/" "odd \\"agent\\" \\\\ \\x1b\[31m \\xc3\\xa9"\n$/,
    );
  });

  test("what is not there is a dash", () => {
    const init = { peer: { address: "" } };
    const over = { status: 0, bytes: 0 };
    expect(logged({ format: "combined" }, init, over)).toMatch(
      /^- - - \[.*\] "GET \/ HTTP\/1\.1" - - "-" "-"\n$/,
    );
  });
});

describe("for people", () => {
  test("in colours on a terminal, without elsewhere", () => {
    const pretty = (over: Over, output = terminal): string =>
      logged({ output }, { target: "/a" }, { milliseconds: 12, ...over });
    const plain = { ...terminal, hasColors: () => false };
    expect(pretty({}, plain)).toMatch(/^\d\d:\d\d:\d\d GET \/a 200 1\.2 kB 12 ms\n$/);
    expect(pretty({})).toContain("\u001B[32m200\u001B[39m");
    expect(pretty({ status: 404 })).toContain("\u001B[33m404\u001B[39m");
    expect(pretty({ status: 500 })).toContain("\u001B[31m500\u001B[39m");
    expect(pretty({ status: 0, outcome: "disconnected", bytes: 7 }, plain)).toMatch(
      / - 7 B 12 ms disconnected\n$/,
    );
    expect(pretty({ bytes: 2_500_000 }, plain)).toContain("2.5 MB");
    expect(logged({ format: "pretty" })).not.toContain("\u001B");
    expect(logged({ format: "json", output: terminal })).toMatch(/^\{/);
  });
});

test("whatever a client sends, it is one line, of visible ASCII where a terminal may show it", () => {
  // Any code unit; fast-check's own `binary` takes seconds to make.
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
  const nasty = fc.string({ unit, maxLength: 20 });
  fc.assert(
    fc.property(nasty, nasty, nasty, (target, agent, method) => {
      const headers = { "user-agent": agent, referer: agent };
      const init = { target: `/${target}`, method, headers };
      for (const format of ["combined", "pretty"] as const)
        expect(logged({ format, query: true }, init)).toMatch(/^[\x20-\x7e]*\n$/);
      const line = logged({ format: "json", query: true }, init);
      expect(line).toMatch(/^[^\p{Cc}\u2028\u2029]*\n$/u);
      expect(JSON.parse(line)).toMatchObject({ method });
    }),
  );
});

test.each([
  [{ format: "xml" }, `Expected \`options.format\` to be "json", "combined" or "pretty"`],
  [{ format: "toString" }, "Expected `options.format`"],
  [{ skip: true }, "Expected `options.skip` to be a function"],
  [{ fields: {} }, "Expected `options.fields` to be a function"],
])("accessLog(%j) is refused", (options, message) => {
  expect(() => accessLog(options as never)).toThrow(message);
});
