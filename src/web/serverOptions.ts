/*
 * ServerOptions: where a server listens and what it puts up with, with safe defaults.
 */
import { expectInteger, expectLimit, expectMilliseconds } from "../core/arguments.ts";

/** The key and certificate of a server of https, and whatever else `tls.createServer` takes. */
export interface TlsKeys {
  readonly key: string | Buffer;
  readonly cert: string | Buffer;
  readonly ca?: string | Buffer;
  readonly passphrase?: string;
  readonly requestCert?: boolean;
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

/** Where a server listens and what it puts up with. */
export interface ServerOptions {
  /** The address to listen on. Default `127.0.0.1`; `0.0.0.0` or `::` for all. */
  readonly host?: string;
  /** The port; 0 for one that is free. Default 8000. */
  readonly port?: number;
  /** The path of a unix socket, in place of host and port. */
  readonly path?: string;
  /** How many connections the system holds until they are accepted. Default 511. */
  readonly backlog?: number;
  /** Serves https. */
  readonly tls?: TlsKeys;
  /** How long the head of a request may take to come, in milliseconds. Default 30,000. */
  readonly headTimeout?: number;
  /** How long a connection may be idle between two requests, in milliseconds. Default 65,000. */
  readonly keepAliveTimeout?: number;
  /** How many bytes the head of a request may have. Default 16 KiB. */
  readonly headLimit?: number;
  /** How many header fields a request may have. Default 100. */
  readonly headerCount?: number;
  /** How many connections may be open; further ones are refused. Default Infinity. */
  readonly maxConnections?: number;
  /** How many requests one connection may bring. Default Infinity. */
  readonly maxRequests?: number;
  /** How long running requests are waited for when the server stops, in milliseconds. Default 15,000. */
  readonly drainTimeout?: number;
  /**
   * For how long the server goes on as before when it is told to stop, but for what its readiness says, in milliseconds:
   * until those who send it requests have seen that. Default 0.
   */
  readonly lameDuck?: number;
}

/** @internal */
export type ServerSettings = Required<Omit<ServerOptions, "path" | "tls">> &
  Pick<ServerOptions, "path" | "tls">;

const DEFAULTS = {
  host: "127.0.0.1",
  port: 8000,
  backlog: 511,
  headTimeout: 30_000,
  keepAliveTimeout: 65_000,
  headLimit: 16 * 1024,
  headerCount: 100,
  maxConnections: Infinity,
  maxRequests: Infinity,
  drainTimeout: 15_000,
  lameDuck: 0,
};

/**
 * @throws RangeError or TypeError for an option that makes no sense
 * @internal
 */
export function serverSettings(options: ServerOptions): ServerSettings {
  const settings = { ...DEFAULTS, ...options };
  expectInteger("options.port", settings.port, 0);
  if (settings.port > 65_535)
    throw new RangeError(
      `Expected \`options.port\` to be at most 65535, got \`${settings.port}\` (number)`,
    );
  for (const name of ["headTimeout", "keepAliveTimeout", "drainTimeout", "lameDuck"] as const)
    expectMilliseconds(`options.${name}`, settings[name]);
  for (const name of ["headLimit", "headerCount", "maxConnections", "maxRequests"] as const)
    expectLimit(`options.${name}`, settings[name], 1);
  return settings;
}
