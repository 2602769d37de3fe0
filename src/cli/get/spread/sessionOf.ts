/*
 * The HTTP client of a worker for one manner of asking.
 */
import type { ConnectorOptions } from "../../../http/connectorOptions.ts";
import { nodeTls } from "../../../http/nodeTls.ts";
import { ClientSession } from "../../../http/session.ts";
import type { ClientManner } from "./fileOrder.ts";

/** A new one. */
export function sessionOf(manner: ClientManner): ClientSession {
  const { headers, timeout, proxy, user } = manner;
  return new ClientSession({
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    timeout: {
      total: timeout.total === 0 ? Infinity : timeout.total,
      socketConnect: timeout.connect,
      socketRead: timeout.socketRead,
    },
    proxy,
    cookies: false,
    connector: connectorOf(manner),
    ...(user === null ? {} : { auth: { login: user.name, password: user.password } }),
  });
}

function connectorOf({ http2, insecure, authorities }: ClientManner): ConnectorOptions {
  const limits = { limit: 0, http2 };
  if (authorities === null)
    return insecure ? { ...limits, tls: { rejectUnauthorized: false } } : limits;
  const ca = [...nodeTls().rootCertificates, authorities];
  return { ...limits, tls: { rejectUnauthorized: !insecure, ca } };
}
