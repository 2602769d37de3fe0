/*
 * Undici, loaded when the first request is made: that takes longer than loading all the rest of the
 * library, and a program that has not asked for anything yet should not pay for it.
 *
 * Strategy: of undici only the client and its connector, by their files: the whole of it takes 0.2 s
 * of a program's start. Its version is pinned to the digit and it restricts no paths; where a file
 * is not found all the same (a bundler, another version forced by hand), the whole is loaded.
 */
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { buildConnector } from "undici";

type Undici = Pick<typeof import("undici"), "Client" | "buildConnector">;

/** Opens a socket. That undici's function returns it is not in undici's types. @internal */
export type OpenSocket = (
  options: buildConnector.Options,
  callback: buildConnector.Callback,
) => Socket;

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
      buildConnector: requireHere("undici/lib/core/connect.js") as Undici["buildConnector"],
    };
  } catch {
    return requireHere("undici") as Undici;
  }
}

/** Opens sockets within `patience` milliseconds. @internal */
export function socketOpener(patience: number): OpenSocket {
  return undici().buildConnector({
    timeout: patience === Infinity ? 0 : patience,
  }) as unknown as OpenSocket;
}
