/*
 * The HTTP client of a run, made from the options.
 */
import { ClientSession } from "../../http/session.ts";
import type { SessionOptions } from "../../http/sessionOptions.ts";
import type { GetOptions } from "./arguments.ts";

/** Makes the client; who asked for it closes it. */
export function openClient(options: GetOptions): ClientSession {
  const { headers, timeout } = options;
  const session: SessionOptions = {
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    // How many there may be is the downloader's to say: it counts files, and knows whose turn it is.
    limit: 0,
    timeout: {
      total: timeout.total,
      socketConnect: timeout.connect,
      socketRead: timeout.socketRead,
    },
  };
  return new ClientSession(session);
}
