/*
 * TLS over a socket that is connected: to the server itself, or through a tunnel.
 *
 * The certificate is checked by Node during the handshake, the pin right after it, and only then the
 * socket is handed on: nothing of a request is ever sent to a server that did not pass.
 */
import { isIP, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { nodeTls } from "./nodeTls.ts";
import type { TlsSettings } from "./tlsOptions.ts";
import { fingerprintOf } from "./tlsPins.ts";
import type { TlsSessions } from "./tlsSessions.ts";

/** The server's certificate is not the pinned one. @internal */
export class PinMismatch extends Error {
  readonly expected: readonly string[];
  readonly actual: string;

  constructor(expected: readonly string[], actual: string) {
    super(`expected ${expected.join(" or ")}, got ${actual === "" ? "none" : actual}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** Whom to speak TLS with. @internal */
export interface TlsPeer {
  readonly hostname: string;
  readonly port: number;
  /** What to speak inside, the preferred first. */
  readonly protocols: readonly string[];
  readonly settings: TlsSettings;
  readonly sessions: TlsSessions;
}

/** Calls `settled` once; destroying the socket that is returned silences it. @internal */
export function startTls(
  socket: Socket,
  peer: TlsPeer,
  settled: (error: Error | null) => void,
): TLSSocket {
  const { hostname, port, settings, sessions } = peer;
  const { rejectUnauthorized, context, pins } = settings;
  const servername = settings.servername ?? (isIP(hostname) === 0 ? hostname : undefined);
  const server = `${hostname}:${port}`;
  // A server that resumes a session shows no certificate, so there would be nothing to compare.
  const session = pins === null ? sessions.get(server) : undefined;
  const secure = nodeTls().connect({
    socket,
    host: settings.servername ?? hostname,
    ALPNProtocols: [...peer.protocols],
    rejectUnauthorized,
    ...(servername === undefined ? null : { servername }),
    ...(context === null ? null : { secureContext: context }),
    ...(session === undefined ? null : { session }),
  });
  secure.on("session", (next: Buffer) => sessions.keep(server, next));
  const fail = (error: Error): void => {
    sessions.forget(server);
    secure.off("secureConnect", succeed);
    settled(error);
  };
  const succeed = (): void => {
    secure.off("error", fail);
    const actual = pins === null ? "" : fingerprintOf(secure);
    if (pins === null || pins.has(actual)) settled(null);
    else settled(new PinMismatch([...pins], actual));
  };
  return secure.once("secureConnect", succeed).once("error", fail);
}
