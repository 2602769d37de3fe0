/*
 * What the processes of `ambit serve` say to each other, and that a program's own messages do no harm.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { errorLine } from "../../../src/cli/serve/errorLine.ts";
import { fromWorker, toWorker } from "../../../src/cli/serve/messages.ts";

test.each([
  { ambit: "ready", url: "http://localhost:1" },
  { ambit: "failed", line: "a", detail: "", usage: false },
  { ambit: "retiring", why: "SIGTERM" },
  { ambit: "drained" },
  { ambit: "folders", folders: ["/a"] },
  { ambit: "counted", id: 1, counters: {} },
  { ambit: "gather", id: 1 },
  { ambit: "order", id: 1, order: "restart" },
])("a worker may say %j", (message) => {
  expect(fromWorker(message)).toBe(message);
});

test.each([
  null,
  "ready",
  { type: "ready" },
  { ambit: "ready" },
  { ambit: "ready", url: 7 },
  { ambit: "failed", line: "a", detail: "" },
  { ambit: "folders", folders: [7] },
  { ambit: "counted", id: 1, counters: null },
  { ambit: "order", id: 1, order: "explode" },
  { ambit: "toString" },
])("%j is the program's own, or nonsense: the supervisor leaves it alone", (message) => {
  expect(fromWorker(message)).toBeNull();
});

test("whatever a program sends does no harm", () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (value, ambit) => {
      toWorker(value);
      expect(fromWorker(value)?.ambit).toBeUndefined();
      expect(fromWorker({ ambit: `no ${ambit}`, id: value, url: value })).toBeNull();
    }),
  );
});

test("an error is told in one line, with the first place that is the program's", () => {
  const error = new TypeError("no such\npool");
  error.stack = `TypeError: no such
    at Pool.open (/app/node_modules/pool/index.js:3:1)
    at async start (file:///app/src/app.js:12:5)`;
  expect(errorLine(error, "/app")).toBe("TypeError: no such (src/app.js:12:5)");
  expect(errorLine(error, "/elsewhere")).toBe("TypeError: no such (/app/src/app.js:12:5)");
  error.stack = "";
  expect(errorLine(error, "/app")).toBe("TypeError: no such");
  expect(errorLine("plain", "/app")).toBe("it threw plain");
});
