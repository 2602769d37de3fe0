/*
 * Paths, programs and arguments, as text or as the URL of a file.
 */
import { fileURLToPath } from "node:url";
import { outOfRange, wrongType } from "../core/arguments.ts";

/** A program, an argument, a folder: text without a zero byte, or the URL of a file. @internal */
export function expectPath(name: string, value: unknown): void {
  if (value instanceof URL) {
    if (value.protocol === "file:") return;
    throw outOfRange(name, "a path, or the URL of a file", value.href);
  }
  if (typeof value !== "string") throw wrongType(name, "a string or the URL of a file", value);
  if (value.includes("\0")) throw outOfRange(name, "a string without a zero byte", value);
}

/** A string as it is, of a URL the path of its file. @internal */
export function pathOf(path: string | URL): string {
  return path instanceof URL ? fileURLToPath(path) : path;
}
