/*
 * How large the head of an answer may be, unless the caller says: as large as Node takes.
 *
 * By `require`: an `import` of node:http reads all that it exports, and some of that is Node's own
 * WebSocket, which takes a tenth of a second to load.
 */
import { createRequire } from "node:module";

const requireHere = createRequire(import.meta.url);

/** In bytes; `--max-http-header-size` sets it. @internal */
export function nodeHeaderSize(): number {
  return (requireHere("node:http") as typeof import("node:http")).maxHeaderSize;
}
