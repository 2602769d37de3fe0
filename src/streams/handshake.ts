/*
 * The handshake of TLS on a connection that is there already, on either side.
 *
 * The server's side goes through a `tls.Server` that never listens and is handed this one socket: the documented way to
 * have all of its checks (client certificates, ALPN, SNI) on a socket of one's own.
 */
import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, createServer, type ConnectionOptions } from "node:tls";
import { attempt } from "./attempt.ts";
import type { TlsOptions } from "./tlsOptions.ts";
import type { TlsUpgrade } from "./transport.ts";

/**
 * Encrypts a socket; `ready` makes of it what is given.
 * @param host the name that the server's certificate must bear, when the options name none
 * @internal
 */
export function shakeHands<T>(
  socket: Socket,
  upgrade: TlsUpgrade,
  host: string | undefined,
  ready: (secure: Socket) => T,
): Promise<T> {
  const plan = {
    label: "startTls",
    whom: host ?? "the peer",
    timeoutMs: upgrade.handshakeTimeout,
    ready,
  };
  if (!upgrade.serverSide) {
    const begin = (): Socket => connect({ ...clientTls(upgrade.tls, host), socket });
    return attempt({ ...plan, begin, event: "secureConnect" });
  }
  const server = createServer({ ...upgrade.tls, handshakeTimeout: NEVER });
  return attempt({
    ...plan,
    event: "secureConnection",
    emitter: server,
    begin: () => {
      server.on("tlsClientError", (error) => socket.destroy(error));
      server.emit("connection", socket);
      return socket;
    },
  });
}

/** Node's own limit, in milliseconds, where the attempt has one. */
const NEVER = 2 ** 31 - 1;

/** Whom a client expects to meet. @internal */
export function clientTls(tls: TlsOptions, host: string | undefined): ConnectionOptions {
  const name = tls.servername ?? host;
  if (name === undefined) return tls;
  if (isIP(name) === 0) return { ...tls, servername: name };
  // An address is checked against the certificate, but never sent as a server name (RFC 6066, section 3).
  const check = tls.checkServerIdentity ?? checkServerIdentity;
  return { ...tls, servername: "", checkServerIdentity: (_, shown) => check(name, shown) };
}
