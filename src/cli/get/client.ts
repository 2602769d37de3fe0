/*
 * The HTTP client of a run, made from the options, and the cookies that it brings and takes.
 */
import { existsSync, readFileSync } from "node:fs";
import type { ConnectorOptions } from "../../http/connectorOptions.ts";
import { CookieJar } from "../../http/cookieJar.ts";
import type { CookieFileFormat } from "../../http/cookieJarFile.ts";
import { nodeTls } from "../../http/nodeTls.ts";
import { ClientSession } from "../../http/session.ts";
import type { SessionOptions } from "../../http/sessionOptions.ts";
import { UsageError } from "../usageError.ts";
import type { GetOptions } from "./arguments.ts";

/** A client, and where its cookies go in the end. */
export class Client implements AsyncDisposable {
  readonly session: ClientSession;
  readonly #cookies: CookieFile | null;

  /** @throws {@link UsageError} when a file that it needs cannot be read, or a proxy's URL is none */
  constructor(options: GetOptions) {
    const { cookieJar } = options;
    this.#cookies = cookieJar === undefined ? null : new CookieFile(cookieJar);
    const session = sessionOptions(options, this.#cookies);
    this.session = sensible(() => new ClientSession(session));
  }

  /** Ends all connections, and saves the cookies. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    this.#cookies?.save();
  }
}

function sessionOptions(options: GetOptions, cookies: CookieFile | null): SessionOptions {
  const { headers, timeout, proxy, user, netrc } = options;
  return {
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    timeout: {
      total: timeout.total,
      socketConnect: timeout.connect,
      socketRead: timeout.socketRead,
    },
    proxy,
    netrc,
    connector: connectorOptions(options),
    ...(user === undefined ? {} : { auth: { login: user.name, password: user.password } }),
    ...(cookies === null ? { cookies: false } : { cookieJar: cookies.jar }),
  };
}

function connectorOptions({ http2, ca, insecure }: GetOptions): ConnectorOptions {
  // How many there may be is the downloader's to say: it counts files, and knows whose turn it is.
  const limits = { limit: 0, http2 };
  if (ca === undefined)
    return insecure ? { ...limits, tls: { rejectUnauthorized: false } } : limits;
  const more = sensible(() => readFileSync(ca, "utf8"));
  const authorities = [...nodeTls().rootCertificates, more];
  return { ...limits, tls: { rejectUnauthorized: !insecure, ca: authorities } };
}

/** Cookies in a file, in the format that it has; a new one is Netscape's, which curl reads, too. */
class CookieFile {
  readonly jar = new CookieJar({ unsafe: true });
  readonly #path: string;
  readonly #format: CookieFileFormat;

  constructor(path: string) {
    this.#path = path;
    const found = existsSync(path);
    if (found) sensible(() => this.jar.load(path));
    const isJson = found && readFileSync(path, "latin1").trimStart().startsWith("{");
    this.#format = isJson ? "json" : "netscape";
  }

  save(): void {
    this.jar.save(this.#path, { format: this.#format });
  }
}

/** What cannot be made of what was asked for was asked for wrongly. */
function sensible<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
