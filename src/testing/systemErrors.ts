/*
 * Errors shaped as Node's for what the operating system would report: `code`, `errno`, `syscall` and the address.
 */
import { constants } from "node:os";

/** Where something was tried. @internal */
export interface Where {
  readonly address: string;
  readonly port: number;
}

/** `connect ECONNREFUSED 10.0.0.2:5432`. @internal */
export function systemError(code: string, syscall: string, where?: Where): Error {
  const place = where === undefined ? "" : ` ${where.address}:${where.port}`;
  const what = code === "EADDRINUSE" ? `${code}: address already in use` : code;
  const errno = (constants.errno as Readonly<Record<string, number>>)[code];
  return Object.assign(new Error(`${syscall} ${what}${place}`), {
    code,
    syscall,
    ...(errno === undefined ? {} : { errno: -errno }),
    ...where,
  });
}

/** What a connection ends with when it is cut: ECONNRESET, or ETIMEDOUT. @internal */
export function resetError(code = "ECONNRESET"): Error {
  return systemError(code, "read");
}

/** `getaddrinfo ENOTFOUND db`. @internal */
export function notFoundError(hostname: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: "ENOTFOUND",
    errno: -3008,
    syscall: "getaddrinfo",
    hostname,
  });
}
