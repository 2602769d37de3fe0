/*
 * The options of TLS: Node's own, by Node's names, less what says where to connect.
 */
import type { CommonConnectionOptions, ConnectionOptions, SecureContextOptions } from "node:tls";

/** How a connection is encrypted: Node's options of `tls.connect` and `tls.createServer`. */
export interface TlsOptions
  extends SecureContextOptions, Omit<CommonConnectionOptions, "enableTrace" | "isServer"> {
  /** Client: the name that the server's certificate must bear. Default: the host that was connected to. */
  readonly servername?: string;
  /** Client: a check of the server's name in place of Node's. */
  readonly checkServerIdentity?: NonNullable<ConnectionOptions["checkServerIdentity"]>;
  /** Client: a session to resume. */
  readonly session?: Buffer;
}

/** How long a handshake may take when nothing is said, in milliseconds (asyncio's default). @internal */
export const HANDSHAKE_TIMEOUT = 60_000;
