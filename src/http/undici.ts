/*
 * Undici, loaded when the first request is made: that takes longer than loading all the rest of the
 * library, and a program that has not asked for anything yet should not pay for it.
 *
 * Strategy: of undici only the client, by its file: the whole of it takes 0.2 s
 * of a program's start. Its version is pinned to the digit and it restricts no paths; where the file
 * is not found all the same (a bundler, another version forced by hand), the whole is loaded.
 */
import { createRequire } from "node:module";

type Undici = Pick<typeof import("undici"), "Client">;

const requireHere = createRequire(import.meta.url);
let loaded: Undici | null = null;

/** @internal */
export function undici(): Undici {
  loaded ??= load();
  return loaded;
}

function load(): Undici {
  try {
    return {
      Client: requireHere("undici/lib/dispatcher/client.js") as Undici["Client"],
    };
  } catch {
    return requireHere("undici") as Undici;
  }
}
