/*
 * How connections to MySQL and MariaDB are opened, and what one can say about them.
 */
import type { ConnectionOptions } from "node:tls";
import { outOfRange } from "../core/arguments.ts";
import type { Done } from "../sql/outcome.ts";
import type { PoolDriver } from "../sql/poolDriver.ts";
import type { PoolOptions, PoolSettings } from "../sql/poolOptions.ts";
import { Control } from "./control.ts";
import { mysql2, type RawError } from "./driver.ts";
import { type LinkTools, MysqlLink, SESSION } from "./mysqlLink.ts";
import { RowValues, type TypeOptions } from "./rowValues.ts";
import { openingError } from "./serverError.ts";

/** Where MySQL or MariaDB is, and how a pool for it behaves. */
export interface MysqlOptions extends PoolOptions, TypeOptions {
  /** `mysql://user:password@host:port/database`; the options beside it win. */
  readonly url?: string;
  /** The host's name or address. Default `localhost`. */
  readonly host?: string;
  /** Default 3306. */
  readonly port?: number;
  /** The path of a Unix socket, instead of host and port. */
  readonly socketPath?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  /**
   * TLS: true for the system's certificates, or options of Node's `tls.connect`, of which the driver knows `ca`, `cert`,
   * `key`, `passphrase`, `ciphers`, `minVersion`, `maxVersion` and `rejectUnauthorized`. Default: none.
   */
  readonly tls?: boolean | ConnectionOptions;
  /** How many statements each connection keeps prepared, at least 1. Default 256. */
  readonly preparedStatements?: number;
}

interface Place {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly database?: string | undefined;
}

function placeIn(url: string | undefined): Place {
  if (url === undefined) return {};
  if (!URL.canParse(url) || !/^(mysql|mariadb):$/.test(new URL(url).protocol))
    throw outOfRange("options.url", "a URL such as mysql://user:password@host:port/database", "…");
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, "") || undefined,
    port: port === "" ? undefined : Number(port),
    user: decodeURIComponent(username) || undefined,
    password: decodeURIComponent(password) || undefined,
    database: decodeURIComponent(pathname.slice(1)) || undefined,
  };
}

function connectionConfig(options: MysqlOptions): Place & { socketPath?: string | undefined } {
  const inUrl = placeIn(options.url);
  const { tls, json, preparedStatements = 256 } = options;
  const given = {
    host: options.host ?? inUrl.host ?? "localhost",
    port: options.port ?? inUrl.port ?? 3306,
    user: options.user ?? inUrl.user,
    password: options.password ?? inUrl.password,
    database: options.database ?? inUrl.database,
    socketPath: options.socketPath,
  };
  return {
    ...given,
    // The pool's own clock decides.
    connectTimeout: 0,
    charset: "utf8mb4",
    timezone: "Z",
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    jsonStrings: json === "string",
    maxPreparedStatements: preparedStatements,
    // The server may not ask for files.
    flags: ["-LOCAL_FILES"],
    ...(tls === undefined || tls === false
      ? {}
      : { ssl: { verifyIdentity: true, ...(tls === true ? {} : tls) } }),
  } as Place;
}

/** @internal */
export class MysqlDriver implements PoolDriver<MysqlLink> {
  readonly peer: string;
  readonly #config: object;
  readonly #control: Control;
  readonly #tools: LinkTools;

  constructor(options: MysqlOptions, settings: PoolSettings) {
    const config = connectionConfig(options);
    const { host = "", port, socketPath, database } = config;
    this.peer = `mysql at ${socketPath ?? `${host}:${port}`}`;
    this.#config = config;
    this.#control = new Control(config);
    this.#tools = {
      peer: this.peer,
      server: {
        system: "mysql",
        address: socketPath ?? host,
        port: socketPath === undefined ? port : undefined,
        namespace: database,
      },
      killTimeout: settings.killTimeout,
      control: this.#control,
      values: new RowValues(options),
    };
  }

  open(done: Done<MysqlLink>): () => void {
    const connection = mysql2().createConnection(this.#config);
    let over = false;
    const finish = (error: RawError | null): void => {
      if (over) return;
      over = true;
      if (error === null) {
        this.#control.open();
        return done(null, new MysqlLink(connection, this.#tools));
      }
      connection.stream.destroy();
      done(openingError(error, this.peer));
    };
    // Until the link listens itself.
    connection.on("error", finish);
    connection.query({ sql: SESSION }, finish);
    return () => {
      over = true;
      connection.stream.destroy();
    };
  }

  close(): void {
    this.#control.close();
  }
}
