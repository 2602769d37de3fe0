/**
 * The router against find-my-way, over random tables of routes and random paths: what both have, they have alike.
 *
 * What both have: text, parameters that fill a segment, a wildcard at the end, slashes taken strictly. find-my-way lets
 * a parameter be empty, which here none is: it is given a regular expression that says so.
 */
import * as fc from "fast-check";
import findMyWay from "find-my-way";
import { expect, test } from "vitest";
import { Router } from "../../src/web/router.ts";

type HttpMethod = "GET" | "POST" | "DELETE" | "HEAD";
const METHODS: readonly HttpMethod[] = ["GET", "POST", "DELETE"];

interface Route {
  readonly method: HttpMethod;
  readonly path: string;
}

/** Few and short, so that they meet. */
const word = fc.constantFrom("a", "b", "ab", "abc", "a%20b", "1");
const pathOf = (segments: readonly string[], end: string) => `/${[...segments, end].join("/")}`;

const pattern = fc
  .array(
    fc.oneof({ weight: 3, arbitrary: fc.constantFrom("a", "b", "ab", "1") }, fc.constant(":")),
    {
      maxLength: 3,
    },
  )
  .chain((segments) =>
    fc
      .constantFrom("a", "b", "ab", ":", "*", "")
      .map((end) => pathOf(segments, end).replaceAll("//", "/")),
  )
  // `/a` and `/a/` are two here, and a name for each parameter.
  .map((path) => {
    let count = 0;
    return path.replaceAll(/:/g, () => `:p${count++}`);
  });

const table = fc.uniqueArray(
  fc.record<Route>({ method: fc.constantFrom(...METHODS), path: pattern }),
  { minLength: 4, maxLength: 14, selector: ({ method, path }) => `${method} ${path}` },
);
const path = fc
  .array(word, { maxLength: 4 })
  .chain((segments) => word.map((end) => pathOf(segments, end)))
  .chain((whole) =>
    fc.constantFrom(whole, whole, whole, `${whole}/`, "/", whole.replace("/", "//")),
  );

function ours(routes: readonly Route[], strictSlashes = true) {
  return new Router(routes.map((route) => ({ ...route, host: null, options: { strictSlashes } })));
}

function theirs(routes: readonly Route[]) {
  const router = findMyWay();
  for (const { method, path } of routes) {
    const notEmpty = path.replaceAll(/:\w+/g, "$&(^.+$)");
    router.on(method, notEmpty, () => {}, { path });
  }
  return router;
}

function foundByUs(router: ReturnType<typeof ours>, method: HttpMethod, path: string): unknown {
  const match = router.find(method, path, "");
  return match === null ? null : [match.entry.path, { ...match.params }];
}

function foundByThem(router: ReturnType<typeof theirs>, method: HttpMethod, path: string): unknown {
  const match = router.find(method, path);
  return match === null ? null : [(match.store as { path: string }).path, { ...match.params }];
}

test("both find the same route and the same parameters", () => {
  let matches = 0;
  fc.assert(
    fc.property(table, fc.array(path, { minLength: 1, maxLength: 8 }), (routes, paths) => {
      const our = ours(routes);
      const their = theirs(routes);
      for (const method of METHODS)
        for (const each of paths) {
          const expected = foundByThem(their, method, each);
          if (expected !== null) matches++;
          expect(foundByUs(our, method, each), `${method} ${each}`).toEqual(expected);
        }
    }),
    { numRuns: 500 },
  );
  expect(matches).toBeGreaterThan(300);
});

test("both know the same methods of a path", () => {
  fc.assert(
    fc.property(table, path, (routes, each) => {
      const their = theirs(routes);
      const expected = METHODS.filter((method) => their.find(method, each) !== null);
      const allowed = ours(routes).allowed(each, "");
      expect(allowed.filter((method) => method !== "HEAD")).toEqual(expected);
      expect(allowed.includes("HEAD")).toBe(expected.includes("GET"));
    }),
    { numRuns: 200 },
  );
});

test("without wildcards, both take a slash at the end for nothing", () => {
  const bare = table.map((routes) =>
    routes
      .filter(({ path }) => !path.includes("*"))
      .filter(
        ({ method, path }, index, all) =>
          index ===
          all.findIndex(
            (other) => other.method === method && trimmed(other.path) === trimmed(path),
          ),
      ),
  );
  fc.assert(
    fc.property(bare, path, (routes, each) => {
      const their = findMyWay({ ignoreTrailingSlash: true });
      for (const { method, path } of routes)
        their.on(method, path.replaceAll(/:\w+/g, "$&(^.+$)"), () => {}, { path });
      const our = ours(routes, false);
      for (const method of METHODS)
        expect(foundByUs(our, method, each)).toEqual(foundByThem(their, method, each));
    }),
    { numRuns: 200 },
  );
});

function trimmed(path: string): string {
  return path === "/" ? path : path.replace(/\/$/, "");
}
