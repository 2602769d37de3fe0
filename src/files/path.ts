/*
 * Where a file is, as callers may say it.
 */
import { fileURLToPath } from "node:url";
import { outOfRange, wrongType } from "../core/arguments.ts";

/** Where a file is: a path, or a `file:` URL. */
export type FilePath = string | URL;

/** @internal */
export function expectPath(name: string, value: unknown): asserts value is FilePath {
  if (value instanceof URL) {
    if (value.protocol !== "file:") throw outOfRange(name, "a path or the URL of a file", value);
    return;
  }
  if (typeof value !== "string") throw wrongType(name, "a path or the URL of a file", value);
  if (value === "") throw outOfRange(name, "a path that is not empty", value);
  if (value.includes("\0")) throw outOfRange(name, "a path without a zero byte", value);
}

/** As the system takes it. @internal */
export function pathOf(path: FilePath): string {
  return path instanceof URL ? fileURLToPath(path) : path;
}
