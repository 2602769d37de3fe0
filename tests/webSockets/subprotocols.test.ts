/**
 * The names of subprotocols.
 */
import { expect, test } from "vitest";
import { areProtocols, checkedProtocols } from "../../src/webSockets/subprotocols.ts";

test("are different tokens", () => {
  expect(areProtocols([])).toBe(true);
  expect(areProtocols(["chat", "chat.v2", "!#$%&'*+-.^_`|~0aZ"])).toBe(true);
  expect(areProtocols(["chat", "chat"])).toBe(false);
  expect(areProtocols(["chat", "Chat"])).toBe(true);
});

test.each(["", "a b", "a,b", "a/b", "chät", '"a"', "a\r\nb", 1, null])("%j is none", (name) => {
  expect(areProtocols(["chat", name])).toBe(false);
});

test("are copied, and refused in words that name them", () => {
  const names = ["chat"];
  const checked = checkedProtocols(names);
  names.push("more");
  expect(checked).toEqual(["chat"]);
  expect(() => checkedProtocols(["a", "a"])).toThrow(RangeError);
  expect(() => checkedProtocols("chat" as never)).toThrow(TypeError);
  expect(() => checkedProtocols(["a b"])).toThrow("`options.protocols`");
});
