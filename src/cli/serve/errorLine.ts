/*
 * An error in one line, with its place in the program: what a person needs who has just written it.
 *
 * Limits: places are taken from the text of a stack, which only people are meant to read; without one there is none.
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Such as `TypeError: x is not a function (app.js:3:7)`. */
export function errorLine(error: unknown, folder: string): string {
  if (!(error instanceof Error)) return `it threw ${shortened(String(error))}`;
  const { name, message, stack = "" } = error;
  const text = shortened(message.split("\n")[0] ?? "");
  const place = placeIn(stack, folder);
  return `${name}${text === "" ? "" : `: ${text}`}${place === null ? "" : ` (${place})`}`;
}

/** All that is known of it. */
export function errorDetail(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : "";
}

/** Ambit's own files: built, and in its checkout. */
const OWN = /\/(?:dist\/(?:chunks|cli)|src\/(?:cli\/serve|core))\/[^/]*$/;

const LONGEST = 300;

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The first place in the stack that is in a file of the program's, not of a package's. */
function placeIn(stack: string, folder: string): string | null {
  // A syntax error's stack begins with its place.
  const places = stack.matchAll(
    /(?:\(|at |^)(?:async )?(file:\/\/\/[^\s()]+|\/[^\s():]+):(\d+(?::\d+)?)\b/gm,
  );
  for (const [, file = "", line = ""] of places) {
    const path = file.startsWith("file:") ? fileURLToPath(file) : file;
    if (path.includes("/node_modules/") || OWN.test(path)) continue;
    const shown = relative(folder, path);
    return `${shown.startsWith("..") ? path : shown}:${line}`;
  }
  return null;
}
