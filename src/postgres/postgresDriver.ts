/*
 * How connections to PostgreSQL are opened, and what one can say about them.
 */
import type { ConnectionOptions } from "node:tls";
import type { Done } from "../sql/outcome.ts";
import type { PoolDriver } from "../sql/poolDriver.ts";
import type { PoolOptions, PoolSettings } from "../sql/poolOptions.ts";
import { pg, type RawClient } from "./driver.ts";
import { PostgresLink, type LinkTools } from "./postgresLink.ts";
import { openingError } from "./serverError.ts";
import { type TypeOptions, typeParsers } from "./typeParsers.ts";

/** Where PostgreSQL is, and how a pool for it behaves. What is left out is taken from `PGHOST`, `PGUSER` and so on. */
export interface PostgresOptions extends PoolOptions, TypeOptions {
  /** `postgres://user:password@host:port/database`; the options beside it win. */
  readonly url?: string;
  /** The host's name or address, or the folder of a Unix socket. */
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** A password, or a function that gives one for each connection: for tokens that expire. */
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  /** TLS: true for the system's certificates, or the options of Node's `tls.connect`. Default: none. */
  readonly tls?: boolean | ConnectionOptions;
  /** What the server's lists of connections show. Default `ambit`. */
  readonly applicationName?: string;
  /**
   * How many statements each connection keeps prepared; 0 for none, as a pooler between here and the server may need.
   * Default 256.
   */
  readonly preparedStatements?: number;
}

/** What a URL says, as the driver reads it; there it would win over what is given beside it. */
function placeIn(url: string | undefined): object {
  if (url === undefined) return {};
  const { host, port, user, password, database, ssl } = new (pg().Client)({
    connectionString: url,
  });
  return { host, port, user, password, database, ssl };
}

function clientConfig(options: PostgresOptions): object {
  const { url, host, port, user, password, database, tls, applicationName = "ambit" } = options;
  const given = { host, port, user, password, database, ssl: tls };
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return {
    ...placeIn(url),
    ...Object.fromEntries(known),
    application_name: applicationName,
    keepAlive: true,
  };
}

/** @internal */
export class PostgresDriver implements PoolDriver<PostgresLink> {
  readonly peer: string;
  readonly #config: object;
  readonly #tools: LinkTools;

  constructor(options: PostgresOptions, settings: PoolSettings) {
    this.#config = clientConfig(options);
    const { host, port, database } = new (pg().Client)(this.#config);
    this.peer = `postgres at ${host}:${port}`;
    this.#tools = {
      peer: this.peer,
      server: {
        system: "postgresql",
        address: host,
        port: host.startsWith("/") ? undefined : port,
        namespace: database,
      },
      killTimeout: settings.killTimeout,
      parsers: typeParsers(options),
      prepared: options.preparedStatements ?? 256,
    };
  }

  open(done: Done<PostgresLink>): () => void {
    const client = new (pg().Client)(this.#config);
    let over = false;
    const finish = (error: Error | null): void => {
      if (over) return;
      over = true;
      if (error === null) return done(null, new PostgresLink(client, this.#tools));
      cut(client);
      done(openingError(error, this.peer));
    };
    // Until the link listens itself.
    client.on("error", finish);
    client.connect(finish);
    return () => {
      over = true;
      cut(client);
    };
  }

  close(): void {}
}

function cut(client: RawClient): void {
  client.connection.stream.destroy();
}
