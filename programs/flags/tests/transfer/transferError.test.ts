import { expect, test } from "vitest";

import { transferError } from "../../src/transfer/transferError.ts";

const withCode = (code: string, more?: ErrorOptions) =>
  Object.assign(new Error(`raw ${code}`, more), { code });

test.each([
  [withCode("ECONNRESET"), "the connection was reset"],
  [
    new TypeError("fetch failed", { cause: withCode("UND_ERR_SOCKET") }),
    "the connection was reset",
  ],
  [withCode("ERR_OF_A_CLIENT", { cause: withCode("ENOTFOUND") }), "there is no such host"],
  [new AggregateError([withCode("ECONNREFUSED")]), "the connection was refused"],
  [new DOMException("The operation timed out", "TimeoutError"), "no answer in time"],
  [withCode("EUNHEARDOF"), "raw EUNHEARDOF"],
  ["text", "text"],
])("what is at the bottom of an error is told (%#)", (error, words) => {
  expect(transferError(error, false).message).toBe(words);
});

test("the same reset is a broken answer once the answer has begun", () => {
  expect(transferError(withCode("UND_ERR_SOCKET"), true).message).toBe(
    "the answer broke off halfway",
  );
});
