/*
 * Error pages: which form a client gets, and what they tell in production and while debugging.
 */
import { createTask, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import {
  BadRequest,
  errorReply,
  escapeHtml,
  HttpError,
  MethodNotAllowed,
  NotFound,
  type Reply,
  ServiceUnavailable,
} from "ambit/web";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type FakeInit, fakeRequest } from "./fakeExchange.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
const SECRET = "the password is hunter2";

function reply(error: unknown, accept: string | null, init: FakeInit = {}, debug = false): Reply {
  const headers = { ...(init.headers as object), ...(accept === null ? {} : { accept }) };
  return errorReply(error, fakeRequest({ ...init, headers }), { debug });
}

function bodyOf(answer: Reply): string {
  expect(answer.body).toBeTypeOf("string");
  return answer.body as string;
}

function problem(answer: Reply): Record<string, unknown> {
  return JSON.parse(bodyOf(answer)) as Record<string, unknown>;
}

describe("the form of an error page", () => {
  test.each([
    [BROWSER, "text/html; charset=utf-8"],
    ["text/html", "text/html; charset=utf-8"],
    ["application/json", "application/json"],
    ["application/problem+json, application/json;q=0.9", "application/problem+json"],
    ["application/*", "application/problem+json"],
    ["application/json, text/plain, */*", "application/json"],
    ["text/plain", "text/plain; charset=utf-8"],
    ["*/*", "text/plain; charset=utf-8"],
    [null, "text/plain; charset=utf-8"],
    ["image/png", "text/plain; charset=utf-8"],
    ["text/html;q=0, */*", "text/plain; charset=utf-8"],
  ])("for `Accept: %s` is %s", (accept, type) => {
    const answer = reply(new NotFound(), accept);
    expect(answer.type).toBe(type);
    expect(answer.headers.get("vary")).toBe("Accept");
  });

  test("is a problem for a program that accepts anything: it sent JSON, or is a script's fetch", () => {
    const json = { body: "{}", headers: { "content-type": "application/json; charset=utf-8" } };
    expect(reply(new NotFound(), "*/*", json).type).toBe("application/problem+json");
    const patch = { body: "{}", headers: { "content-type": "application/merge-patch+json" } };
    expect(reply(new NotFound(), null, patch).type).toBe("application/problem+json");
    const fetched = { headers: { "sec-fetch-mode": "cors" } };
    expect(reply(new NotFound(), "*/*", fetched).type).toBe("application/problem+json");
    const picture = { headers: { "sec-fetch-mode": "no-cors" } };
    expect(reply(new NotFound(), "*/*", picture).type).toBe("text/plain; charset=utf-8");
  });

  test("is text when there is no request that could be read", () => {
    const answer = errorReply(new BadRequest("no such thing"), null);
    expect(answer.body).toBe("400 Bad Request\n\nno such thing\n");
    expect(answer.headers.get("vary")).toBe(null);
  });
});

describe("an error page", () => {
  test("has the status and the headers of the error, but not those of a body", () => {
    const error = new MethodNotAllowed(["GET", "PUT"], undefined, {
      headers: {
        allow: "GET, PUT",
        "content-type": "a/b",
        "Content-Length": 7,
        "cache-control": "max-age=5",
      },
    });
    const answer = reply(error, BROWSER);
    expect(answer.status).toBe(405);
    expect([...answer.headers].map(([name]) => name.toLowerCase()).sort()).toEqual([
      "allow",
      "cache-control",
      "content-security-policy",
      "vary",
      "x-content-type-options",
    ]);
    expect(answer.headers.get("cache-control")).toBe("max-age=5");
  });

  test("of a server's fault is not to be stored", () => {
    expect(reply(new Error("x"), null).headers.get("cache-control")).toBe("no-store");
    expect(reply(new NotFound(), null).headers.get("cache-control")).toBe(null);
  });

  test("leaves out headers that HTTP can't carry", () => {
    const answer = reply(new NotFound("x", { headers: { "x-a": "1\r\nx-b: 2" } }), null);
    expect(answer.status).toBe(404);
    expect(answer.headers.get("x-a")).toBe(null);
  });

  test.each([BROWSER, "application/json", "*/*"])(
    "for %s tells nothing of an error that was not meant for the client",
    (accept) => {
      const cause = new Error(SECRET);
      for (const error of [
        new Error(SECRET, { cause }),
        new ServiceUnavailable(SECRET, { cause, details: { SECRET } }),
        new HttpError(404, SECRET, { expose: false, details: SECRET }),
        new AggregateError([cause], SECRET),
        SECRET,
        { status: 404, message: SECRET, expose: true },
      ]) {
        const answer = reply(error, accept);
        expect(bodyOf(answer)).not.toContain("hunter2");
        expect(bodyOf(answer)).not.toContain("errorPage.test");
      }
      expect(bodyOf(reply(new BadRequest("no colour"), accept))).toContain("no colour");
      expect(bodyOf(reply(new HttpError(503, "back at 8", { expose: true }), accept))).toContain(
        "back at 8",
      );
    },
  );

  test("as a problem has the error's details beside its own members (RFC 9457)", () => {
    const details = { issues: [], status: 7, type: "x", left: 2 };
    expect(problem(reply(new BadRequest("no colour", { details }), "application/json"))).toEqual({
      title: "Bad Request",
      status: 400,
      detail: "no colour",
      issues: [],
      left: 2,
    });
    expect(
      problem(reply(new BadRequest("x", { details: [1] }), "application/json"))["details"],
    ).toEqual([1]);
    expect(problem(reply(new NotFound(), "application/json"))).toEqual({
      title: "Not Found",
      status: 404,
    });
  });

  test("leaves out details that JSON can't hold", () => {
    const answer = reply(new BadRequest("x", { details: { big: 1n } }), "application/json");
    expect(problem(answer)).toEqual({ title: "Bad Request", status: 400, detail: "x" });
  });

  test("names the request's id, for who asks about it", () => {
    for (const accept of [BROWSER, "application/json", "*/*"]) {
      const request = fakeRequest({ headers: { accept } });
      request.replyHeaders.set("X-Request-Id", "r-<17>");
      const body = bodyOf(errorReply(new Error("x"), request));
      expect(body).toContain(accept === BROWSER ? "r-&lt;17&gt;" : "r-<17>");
    }
  });

  test("lists what was wrong with what was sent", () => {
    const issues = [{ path: "body.<b>", message: "too & short" }];
    const error = new HttpError(422, undefined, { details: { issues } });
    expect(bodyOf(reply(error, BROWSER))).toContain(
      "<li><code>body.&lt;b&gt;</code> too &amp; short</li>",
    );
    expect(bodyOf(reply(error, "*/*"))).toContain("\n  body.<b>: too & short\n");
  });
});

describe("an error page of HTML", () => {
  test("says a sentence of its own when the error has none", () => {
    expect(bodyOf(reply(new NotFound(), BROWSER))).toContain("There is nothing at this address.");
    expect(bodyOf(reply(new HttpError(418), BROWSER))).toContain(
      "This request can&#39;t be answered.",
    );
    expect(bodyOf(reply(new HttpError(599), BROWSER))).toContain("It is not your fault.");
  });

  test.each([false, true])("is whole in itself, and allows nothing else (debug: %s)", (debug) => {
    const answer = reply(new Error("<script>alert(1)</script>"), BROWSER, {}, debug);
    const body = bodyOf(answer);
    expect(body).not.toMatch(/<(script|link|img|iframe|object|base|form)\b/i);
    expect(body).not.toMatch(/<[^>]*\s(src|href|style|on\w+)=/i);
    const style = /<style>([^]*)<\/style>/.exec(body)?.[1] as string;
    const hash = createHash("sha256").update(style).digest("base64");
    expect(answer.headers.get("content-security-policy")).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(style).toContain("prefers-color-scheme:dark");
    expect(style).not.toMatch(/@import|url\(/);
    expect(body).toMatch(/^<!doctype html>\n<html lang="en">/);
  });

  test("escapes whatever comes from outside, wherever it comes from", () => {
    const evil = `"'><img src=x onerror=alert(1)>`;
    const error = new BadRequest(evil, {
      cause: new Error(evil),
      details: { issues: [{ path: evil, message: evil }] },
    });
    error.name = evil;
    error.stack = evil;
    for (const debug of [false, true]) {
      const request = fakeRequest({
        method: "GET",
        target: `/${evil}?${evil}`,
        httpVersion: "1.1",
        headers: { accept: BROWSER, [evil]: evil },
      });
      request.params = { [evil]: evil };
      request.replyHeaders.set("x-request-id", evil);
      request.route = { path: evil, method: evil, options: {} };
      expect(bodyOf(errorReply(error, request, { debug }))).not.toContain("<img");
    }
    expect(escapeHtml(evil)).toBe("&quot;&#39;&gt;&lt;img src=x onerror=alert(1)&gt;");
  });
});

describe("an error page in debug mode", () => {
  function broken(): never {
    throw new TypeError("outer", { cause: new RangeError("inner") });
  }

  function caught(): unknown {
    try {
      broken();
    } catch (error) {
      return error;
    }
  }

  const init: FakeInit = {
    method: "PUT",
    target: "/users/7?page=2&access_token=hunter2&apiKey=hunter2&q=a%2Fb",
    headers: {
      cookie: "sid=hunter2",
      Authorization: "Bearer hunter2",
      "X-Api-Key": "hunter2",
      "x-colour": "red",
    },
  };

  test("shows the error, its causes, where it was thrown, the request and its headers, no secrets", () => {
    const request = fakeRequest({
      ...init,
      headers: { ...(init.headers as object), accept: BROWSER },
    });
    request.params = { id: "7" };
    request.route = { path: "/users/:id<int>", method: "PUT", options: {} };
    const body = bodyOf(errorReply(caught(), request, { debug: true }));
    expect(body).toContain("<b>TypeError</b> outer");
    expect(body).toContain("<small>caused by</small> <b>RangeError</b> inner");
    expect(body).toMatch(/<li><code>tests\/web\/errorPage\.test\.ts:\d+ in broken<\/code><\/li>/);
    expect(body).toMatch(/<mark>\d+ {2} {4}throw new TypeError\(&quot;outer&quot;/);
    expect(body).toContain(
      "PUT /users/7?page=2&amp;access_token=[redacted]&amp;apiKey=[redacted]&amp;q=a%2Fb HTTP/1.1",
    );
    expect(body).toContain("PUT /users/:id&lt;int&gt;");
    expect(body).toContain('<th scope="row">:id</th><td>7</td>');
    expect(body).toContain('<th scope="row">x-colour</th><td>red</td>');
    expect(body).toContain('<th scope="row">cookie</th><td>[redacted]</td>');
    expect(body).not.toContain("hunter2");
  });

  test("shows the user's own frames before those of packages", () => {
    const error = new Error("x");
    error.stack = [
      "Error: x",
      "    at inPackage (/app/node_modules/p/index.js:1:1)",
      "    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)",
      "    at mine (/app/server.js:3:1)",
    ].join("\n");
    const places = [...bodyOf(reply(error, BROWSER, {}, true)).matchAll(/<li><code>([^<]*)/g)];
    expect(places.map(([, place]) => place)).toEqual([
      "/app/server.js:3 in mine",
      "/app/node_modules/p/index.js:1 in inPackage",
    ]);
  });

  test("shows no file that only the error's text speaks of", () => {
    const here = import.meta.filename;
    const error = new Error(`no such file\n    at x (${here}:1:1)`);
    error.stack = `Error: ${error.message}\n    at y (/nowhere/app.js:1:1)`;
    const body = bodyOf(reply(error, BROWSER, {}, true));
    expect(body).not.toContain("<figure>");
    expect(body.match(/<li><code>/g)).toHaveLength(1);
    error.stack = "another text\n    at x (/etc/passwd:1:1)";
    expect(bodyOf(reply(error, BROWSER, {}, true))).not.toContain("<figure>");
  });

  test("shows the errors of a group, and each only once, in a circle too", () => {
    const first = new Error("first");
    const group = new AggregateError([first, first, new Error("second")], "both");
    first.cause = group;
    const body = bodyOf(reply(group, BROWSER, {}, true));
    expect([...body.matchAll(/<b>\w+<\/b> (\w+)/g)].map(([, text]) => text)).toEqual([
      "both",
      "first",
      "second",
    ]);
    expect(body).toContain("<small>one of its errors</small>");
  });

  test("shows the tasks that run", () =>
    runVirtual(async () => {
      const task = createTask(() => sleep(1000), { name: "napper" });
      await sleep(0);
      for (const accept of [BROWSER, "*/*"])
        expect(bodyOf(reply(new Error("x"), accept, {}, true))).toContain("napper  sleep(1000)");
      for (let index = 0; index < 300; index++) createTask(() => {}, { name: `t${index}` });
      expect(bodyOf(reply(new Error("x"), "*/*", {}, true))).toMatch(/… and \d+ more lines/);
      task.cancel();
    }));

  test("tells it all in JSON and in text too", () => {
    const { debug, detail } = problem(reply(caught(), "application/json", init, true)) as {
      debug: { relation?: string; name: string; message: string; stack: string[] }[];
      detail?: string;
    };
    expect(detail).toBe(undefined);
    expect(debug.map(({ relation, name, message }) => [relation, name, message])).toEqual([
      [undefined, "TypeError", "outer"],
      ["caused by", "RangeError", "inner"],
    ]);
    expect(debug[0]?.stack.join("\n")).toContain("errorPage.test.ts");
    const text = bodyOf(reply(caught(), "*/*", init, true));
    expect(text).toMatch(
      /^500 Internal Server Error\n\nTypeError: outer\n {2}tests\/web\/errorPage\.test\.ts:\d+ in broken\n/,
    );
    expect(text).toContain("caused by RangeError: inner");
  });
});

describe("whatever is thrown", () => {
  test("becomes an answer, and is never thrown again", () => {
    const hostile = [
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("get");
          },
        },
      ),
      Object.defineProperty(new Error("x"), "stack", {
        get: () => {
          throw new Error("stack");
        },
      }),
      Object.defineProperty(new Error("x"), "message", { get: () => 7 }),
      Object.create(null),
      {
        toString: () => {
          throw new Error("toString");
        },
      },
      Symbol("s"),
      undefined,
      null,
    ];
    for (const thrown of hostile)
      for (const accept of [BROWSER, "application/json", "*/*"])
        for (const debug of [false, true])
          expect(reply(thrown, accept, {}, debug).status).toBe(500);
  });

  test("of whatever kind, with whatever text", () => {
    fc.assert(
      fc.property(
        fc.anything(),
        fc.string({ unit: "binary" }),
        fc.boolean(),
        (value, text, debug) => {
          for (const thrown of [
            value,
            new Error(text, { cause: value }),
            new BadRequest(text, { details: value }),
          ]) {
            const page = reply(thrown, BROWSER, {}, debug);
            expect(bodyOf(page).match(/<main>/g)).toHaveLength(1);
            expect(problem(reply(thrown, "application/json", {}, debug))["title"]).toBeTypeOf(
              "string",
            );
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
