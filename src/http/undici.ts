/*
 * Undici, loaded when the first request is made: that takes longer than loading all the rest of the
 * library, and a program that has not asked for anything yet should not pay for it.
 */
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import type { buildConnector } from "undici";
import { CONNECT_TIMEOUT } from "./failure.ts";

type Undici = typeof import("undici");

/** Opens a socket. That undici's function returns it is not in undici's types. @internal */
export type OpenSocket = (
  options: buildConnector.Options,
  callback: buildConnector.Callback,
) => Socket;

const requireHere = createRequire(import.meta.url);
let loaded: Undici | null = null;

/** @internal */
export function undici(): Undici {
  loaded ??= requireHere("undici") as Undici;
  return loaded;
}

/** @internal */
export function socketOpener(): OpenSocket {
  return undici().buildConnector({ timeout: CONNECT_TIMEOUT }) as unknown as OpenSocket;
}
