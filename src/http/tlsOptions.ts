/*
 * What of TLS can be set, and what that is for Node's `tls`.
 *
 * Strategy: certificates and keys are read once, into one secure context for all connections; that
 * also finds a broken one when the connector is made, not at the first request. Without any of them
 * `tls` is not even loaded before it is needed.
 */
import type { SecureContext, SecureVersion } from "node:tls";
import { outOfRange, wrongType } from "../core/arguments.ts";
import { nodeTls } from "./nodeTls.ts";
import { type FingerprintInput, pinsOf } from "./tlsPins.ts";

/** How connections to `https:` servers, and to proxies over TLS, are secured. */
export interface TlsOptions {
  /** Trusted authorities in PEM, in place of those that Node has. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client's own certificate, in PEM. */
  readonly cert?: string | Uint8Array;
  /** Its key, in PEM. */
  readonly key?: string | Uint8Array;
  /** What the key is encrypted with. */
  readonly passphrase?: string;
  /**
   * Whether the server's certificate has to be issued by a trusted authority for its host. Default
   * true; with a `fingerprint`, false: then that decides.
   */
  readonly rejectUnauthorized?: boolean;
  /** The name that the server's certificate has to be for, in place of the URL's host. */
  readonly servername?: string;
  /** Default: Node's, `"TLSv1.2"`. */
  readonly minVersion?: SecureVersion;
  /** As OpenSSL writes them, separated by colons. */
  readonly ciphers?: string;
  /**
   * SHA-256 of the server's certificate, in hex (colons or none) or as 32 bytes; or several, of which
   * one has to fit. Checked before a byte of a request is sent.
   */
  readonly fingerprint?: FingerprintInput | readonly FingerprintInput[];
}

/** @internal */
export interface TlsSettings {
  readonly rejectUnauthorized: boolean;
  /** The same for a proxy, which no pin vouches for. */
  readonly proxyRejectUnauthorized: boolean;
  readonly servername: string | null;
  /** In capitals with colons, as Node has them; null when any certificate will do. */
  readonly pins: ReadonlySet<string> | null;
  /** Null for Node's own. */
  readonly context: SecureContext | null;
}

const DEFAULT: TlsSettings = {
  rejectUnauthorized: true,
  proxyRejectUnauthorized: true,
  servername: null,
  pins: null,
  context: null,
};

/** @internal */
export function tlsSettings(name: string, options: TlsOptions | undefined): TlsSettings {
  if (options === undefined) return DEFAULT;
  if (typeof options !== "object" || options === null) throw wrongType(name, "an object", options);
  const { servername, fingerprint } = options;
  const pins = fingerprint === undefined ? null : pinsOf(`${name}.fingerprint`, fingerprint);
  const { rejectUnauthorized = pins === null } = options;
  if (typeof rejectUnauthorized !== "boolean")
    throw wrongType(`${name}.rejectUnauthorized`, "a boolean", rejectUnauthorized);
  if (servername !== undefined && typeof servername !== "string")
    throw wrongType(`${name}.servername`, "a string", servername);
  return {
    rejectUnauthorized,
    proxyRejectUnauthorized: options.rejectUnauthorized ?? true,
    servername: servername ?? null,
    pins,
    context: context(name, options),
  };
}

const OF_CONTEXT = ["ca", "cert", "key", "passphrase", "minVersion", "ciphers"] as const;

function context(name: string, options: TlsOptions): SecureContext | null {
  const own: Record<string, unknown> = {};
  for (const option of OF_CONTEXT) if (options[option] !== undefined) own[option] = options[option];
  if (Object.keys(own).length === 0) return null;
  try {
    return nodeTls().createSecureContext(own);
  } catch (error) {
    // What is wrong is in the key, the certificate or the passphrase, none of which is to be shown.
    const { message } = error as Error;
    if (error instanceof TypeError)
      throw new TypeError(`\`${name}\`: ${message}`, { cause: error });
    const given = Object.keys(own).map((option) => `\`${option}\``);
    const range = outOfRange(name, `what OpenSSL accepts (${given.join(", ")})`, message);
    range.cause = error;
    throw range;
  }
}
