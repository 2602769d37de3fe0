/*
 * A server of node:http or node:https with the limits of ours.
 */
import { createServer, type Server } from "node:http";
import type { ServerOptions as HttpsOptions } from "node:https";
import type { ServerSettings, TlsKeys } from "./serverOptions.ts";
import { asksForWebSocket } from "./upgradeRequest.ts";

/** How long a TLS handshake may take where heads may take longer, in milliseconds. */
const LONGEST_HANDSHAKE = 120_000;

/**
 * It does not listen yet.
 * @throws Error or TypeError for keys of TLS that are none
 * @internal
 */
export async function makeServer(settings: ServerSettings): Promise<Server> {
  const options = {
    headersTimeout: Math.max(settings.headTimeout, 1),
    keepAliveTimeout: settings.keepAliveTimeout,
    maxHeaderSize: settings.headLimit,
    // The body's deadline is its route's.
    requestTimeout: 0,
    connectionsCheckingInterval: 1000,
    // Checked by us, to be answered with a page.
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: asksForWebSocket,
  };
  const { tls } = settings;
  const server =
    tls === undefined ? createServer(options) : await secureServer({ ...options, ...tls });
  if (settings.maxConnections !== Infinity) server.maxConnections = settings.maxConnections;
  if (settings.maxRequests !== Infinity) server.maxRequestsPerSocket = settings.maxRequests;
  // Node would leave out what is over its count; with us that is refused.
  server.maxHeadersCount = 0;
  return server;
}

/** Made with modules that who serves plainly need not load. */
async function secureServer(
  options: HttpsOptions & TlsKeys & { readonly headersTimeout: number },
): Promise<Server> {
  const { checkTlsKeys } = await import("./tlsKeys.ts");
  checkTlsKeys(options);
  const handshakeTimeout = Math.min(options.headersTimeout, LONGEST_HANDSHAKE);
  return (await import("node:https")).createServer({ ...options, handshakeTimeout });
}
