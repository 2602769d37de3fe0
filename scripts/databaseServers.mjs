// Private database servers, for tests and benchmarks: MariaDB, PostgreSQL and Redis, each with a folder and a port of its
// own, gone when they are stopped or the process ends.
//
// The data folder of a new MariaDB or PostgreSQL takes a second or more to make, so it is made once, kept as an archive
// in `.servers/databases`, and unpacked for each server. Nothing is written but there and in a temporary folder. Nothing is
// flushed to the disk, so that the disk's speed plays no part; what was committed outlives the server's process all the
// same. Ports are below 32768, where Linux takes none for outgoing connections.
// Another server is added as a `Kind`.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const templates = join(root, ".servers", "databases");
const certificate = join(root, "tests", "streams", "certificate");
const isRoot = process.getuid?.() === 0;
/** How long a server may take to start, in milliseconds: only to end what hangs. */
const PATIENCE = 60_000;

/**
 * @typedef {{ uid?: number, gid?: number }} Owner
 * @typedef {{
 *   name: string,
 *   version: () => string,
 *   owner: () => Owner,
 *   makeData: ((folder: string) => [command: string, ...args: string[]]) | null,
 *   begin: (folder: string, port: number) => [command: string, ...args: string[]],
 *   url: (port: number) => string,
 *   ready: RegExp,
 *   stop: NodeJS.Signals,
 *   crash: NodeJS.Signals,
 * }} Kind
 */

/** @param {readonly string[]} folders @param {string} name */
function find(folders, name) {
  const all = [...folders, ...(process.env["PATH"] ?? "").split(delimiter)];
  return all.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** The folders of PostgreSQL's programs, newest first. */
function postgresFolders() {
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base) : [];
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(base, version, "bin"));
}

const mariadbd = () => find(["/usr/sbin"], "mariadbd");
const installDb = () => find(["/usr/bin"], "mariadb-install-db");
const postgres = () => find(postgresFolders(), "postgres");
const redisServer = () => find(["/usr/bin"], "redis-server");

/** @param {string} what @param {boolean} isThere */
function missing(what, isThere) {
  return isThere ? null : `there is no ${what}: \`node scripts/databases.mjs\` brings it, as root`;
}

/** Why there is no MariaDB, or null. */
export function mariadbMissing() {
  return missing("MariaDB", mariadbd() !== null && installDb() !== null);
}

/** Why there is no PostgreSQL, or null. */
export function postgresMissing() {
  const there = postgres() !== null && (!isRoot || "uid" in postgresOwner());
  return missing("PostgreSQL", there);
}

/** Why there is no Redis, or null. */
export function redisMissing() {
  return missing("Redis", redisServer() !== null);
}

/** PostgreSQL refuses root; its package makes a user. @returns {Owner} */
function postgresOwner() {
  if (!isRoot) return {};
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"));
  return line === null ? {} : { uid: Number(line[1]), gid: Number(line[2]) };
}

/** @param {string} command */
function versionOf(command) {
  const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
  return /\d+(\.\d+)+/.exec(stdout)?.[0] ?? "unknown";
}

const smallFiles = ["--innodb-log-file-size=4M", "--innodb-data-file-path=ibdata1:4M:autoextend"];

/** @type {Kind} */
const mariadb = {
  name: "mariadb",
  version: () => versionOf(/** @type {string} */ (mariadbd())),
  owner: () => ({}),
  makeData: (folder) => [
    /** @type {string} */ (installDb()),
    "--no-defaults",
    ...(isRoot ? ["--user=root"] : []),
    `--datadir=${join(folder, "data")}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    ...smallFiles,
  ],
  begin: (folder, port) => {
    const [cert, key] = keyPair(folder, {});
    const setUp = join(folder, "init.sql");
    // One line per statement: that is what the server reads.
    writeFileSync(
      setUp,
      [
        "create database if not exists test character set utf8mb4;",
        "create user if not exists 'app'@'%' identified by 'secret';",
        "grant all on test.* to 'app'@'%';",
        "",
      ].join("\n"),
    );
    return [
      /** @type {string} */ (mariadbd()),
      "--no-defaults",
      ...(isRoot ? ["--user=root"] : []),
      `--datadir=${join(folder, "data")}`,
      `--socket=${join(folder, "socket")}`,
      `--pid-file=${join(folder, "pid")}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--init-file=${setUp}`,
      `--ssl-cert=${cert}`,
      `--ssl-key=${key}`,
      "--character-set-server=utf8mb4",
      "--skip-name-resolve",
      "--innodb-flush-log-at-trx-commit=2",
      "--innodb-flush-method=nosync",
      "--innodb-buffer-pool-size=32M",
      "--innodb-lock-wait-timeout=20",
      "--max-connections=300",
      "--performance-schema=off",
      "--skip-log-bin",
      ...smallFiles,
    ];
  },
  url: (port) => `mysql://app:secret@127.0.0.1:${port}/test`,
  ready: /ready for connections/,
  stop: "SIGTERM",
  crash: "SIGKILL",
};

/** @type {Kind} */
const postgresql = {
  name: "postgres",
  version: () => versionOf(/** @type {string} */ (postgres())),
  owner: postgresOwner,
  makeData: (folder) => [
    join(dirname(/** @type {string} */ (postgres())), "initdb"),
    `--pgdata=${join(folder, "data")}`,
    "--auth=trust",
    "--username=app",
    "--no-sync",
    "--encoding=UTF8",
    "--locale=C.UTF-8",
    "--wal-segsize=1",
  ],
  begin: (folder, port) => {
    const [cert, key] = keyPair(folder, postgresOwner());
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      fsync: "off",
      full_page_writes: "off",
      max_connections: "300",
      shared_buffers: "16MB",
      ssl: "on",
      ssl_cert_file: cert,
      ssl_key_file: key,
      deadlock_timeout: "100ms",
    };
    return [
      /** @type {string} */ (postgres()),
      "-D",
      join(folder, "data"),
      "-p",
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ];
  },
  url: (port) => `postgres://app@127.0.0.1:${port}/postgres`,
  ready: /ready to accept connections/,
  // "Fast shutdown": at once, whoever is connected.
  stop: "SIGINT",
  // "Immediate shutdown": every process of it ends without a word, and the next start recovers as from a crash. After a
  // kill of the first process alone, the others would still be there when the next server starts.
  crash: "SIGQUIT",
};

/** What Redis has acknowledged is in its log, and so survives a kill. @type {Kind} */
const redis = {
  name: "redis",
  version: () => versionOf(/** @type {string} */ (redisServer())),
  owner: () => ({}),
  makeData: null,
  begin: (folder, port) => {
    const settings = {
      port: String(port),
      bind: "127.0.0.1",
      dir: folder,
      save: "",
      appendonly: "yes",
      appendfsync: "no",
      "enable-debug-command": "yes",
      // A replica gets its data at once, without waiting for others.
      "repl-diskless-sync-delay": "0",
    };
    return [
      /** @type {string} */ (redisServer()),
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ];
  },
  url: (port) => `redis://127.0.0.1:${port}`,
  ready: /Ready to accept connections/,
  stop: "SIGTERM",
  crash: "SIGKILL",
};

/** One that can be a node of a cluster; it talks to the others at the port 10,000 below its own. @type {Kind} */
const redisNode = {
  ...redis,
  name: "redis-node",
  begin: (folder, port) => [
    ...redis.begin(folder, port),
    "--cluster-enabled",
    "yes",
    "--cluster-port",
    String(port - 10_000),
    "--cluster-node-timeout",
    "2000",
  ],
};

/** One that watches a master, and its replicas, when a client has told it of them (SENTINEL MONITOR). @type {Kind} */
const redisSentinel = {
  ...redis,
  name: "redis-sentinel",
  begin: (folder, port) => {
    // It writes down there what it learns.
    const config = join(folder, "sentinel.conf");
    if (!existsSync(config)) writeFileSync(config, `port ${port}\nbind 127.0.0.1\ndir ${folder}\n`);
    return [/** @type {string} */ (redisServer()), config, "--sentinel"];
  },
  ready: /Sentinel ID is/,
};

/** The certificate of the tests, where the server may read it. @param {string} folder @param {Owner} owner */
function keyPair(folder, { uid, gid }) {
  return ["localhost.pem", "localhost.key"].map((name) => {
    const path = join(folder, name);
    if (!existsSync(path)) copyFileSync(join(certificate, name), path);
    chmodSync(path, 0o600);
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    return path;
  });
}

/** A folder that the server's user may write. @param {Kind} kind */
function serverFolder(kind) {
  const folder = mkdtempSync(join(tmpdir(), `ambit-${kind.name}-`));
  const { uid, gid } = kind.owner();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

/** @param {[string, ...string[]]} line @returns {[string, string[]]} */
function first([command, ...args]) {
  return [command, args];
}

/** @param {string} command @param {readonly string[]} args @param {Owner} owner @param {string} cwd */
async function runToEnd(command, args, owner, cwd) {
  const child = spawn(command, args, { ...owner, cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  try {
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`${command} ended with code ${code}:\n${output}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The archive of an empty data folder, made if it is not there; null where none is needed. @param {Kind} kind */
async function templateOf(kind) {
  if (kind.makeData === null) return null;
  const archive = join(templates, `${kind.name}-${kind.version()}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(templates, { recursive: true });
  const folder = serverFolder(kind);
  try {
    const [command, ...args] = kind.makeData(folder);
    await runToEnd(command, args, kind.owner(), folder);
    const own = `${archive}.${process.pid}`;
    await runToEnd("tar", ["-cf", own, "-C", folder, "data"], {}, folder);
    renameSync(own, archive);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return archive;
}

/** Makes the empty data folders of the servers that want one, if they are not there. */
export async function prepareTemplates() {
  for (const kind of [mariadb, postgresql]) await templateOf(kind);
}

/** Whether each thread of a process stands still, as Linux tells. @param {number} pid */
function isStopped(pid) {
  const tasks = `/proc/${pid}/task`;
  const states = readdirSync(tasks).map((task) => {
    const status = readFileSync(join(tasks, task, "stat"), "utf8");
    return status[status.lastIndexOf(")") + 2];
  });
  return states.every((state) => state === "T");
}

/** A port that nobody listens on now. @returns {Promise<number>} */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}

/**
 * The command that runs another one and has it ended with this process, however that ends: on Linux.
 * @param {string} command @param {readonly string[]} args @returns {[string, string[]]}
 */
function tied(command, args) {
  const setpriv = find(["/usr/bin"], "setpriv");
  if (setpriv === null) return [command, [...args]];
  return [setpriv, ["--pdeathsig", "KILL", command, ...args]];
}

/** A running server. */
export class DatabaseServer {
  /** Where it listens on 127.0.0.1, and `app` may do everything in its database. */
  port = 0;
  /** Its own folder. */
  folder = "";
  /** @type {import("node:child_process").ChildProcess | null} */
  #process = null;
  #words = "";
  /** @type {Kind} */
  #kind;
  #onExit = () => {
    this.#process?.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  };

  /** @param {Kind} kind */
  constructor(kind) {
    this.#kind = kind;
  }

  /** What a client connects to. */
  get url() {
    return this.#kind.url(this.port);
  }

  /**
   * Starts one; settles when it takes connections. A port that another process took between the look and the listening
   * is a reason to choose again, not to fail.
   * @param {Kind} kind
   */
  static async start(kind) {
    for (let attempt = 1; ; attempt++) {
      const server = new DatabaseServer(kind);
      try {
        await server.#open();
        return server;
      } catch (error) {
        await server.stop();
        if (attempt === 5 || !/address already in use/i.test(String(error))) throw error;
      }
    }
  }

  async #open() {
    const archive = await templateOf(this.#kind);
    this.folder = serverFolder(this.#kind);
    process.once("exit", this.#onExit);
    if (archive !== null)
      await runToEnd("tar", ["-xf", archive, "-C", this.folder], {}, this.folder);
    this.port = await freePort();
    await this.restart();
  }

  /** Starts it again on its data and its port, after {@link kill}; settles when it takes connections. */
  async restart() {
    const [command, args] = tied(...first(this.#kind.begin(this.folder, this.port)));
    const child = spawn(command, args, {
      ...this.#kind.owner(),
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#words = "";
    this.#process = child;
    child.on("error", (error) => (this.#words += String(error)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => (this.#words = (this.#words + text).slice(-20_000)));
    }
    const begin = performance.now();
    while (!this.#kind.ready.test(this.#words)) {
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (ended || child.pid === undefined || performance.now() - begin > PATIENCE) {
        throw new Error(`${this.#kind.name} did not start:\n${this.#words}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Ends it at once, as a crash does; its data stay. */
  async kill() {
    await this.#end(this.#kind.crash);
  }

  /** Holds it, as if its machine stood still, until {@link resume}. */
  async pause() {
    const child = this.#process;
    if (child?.pid === undefined) return;
    child.kill("SIGSTOP");
    // The signal stops one thread after the other.
    while (!isStopped(child.pid)) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  resume() {
    this.#process?.kill("SIGCONT");
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.pid === undefined) return;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
    clearTimeout(timer);
  }

  /** Stops it and removes its folder. */
  async stop() {
    await this.#end(this.#kind.stop);
    process.off("exit", this.#onExit);
    if (this.folder !== "") rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A MariaDB of one's own. */
export function startMariadb() {
  return DatabaseServer.start(mariadb);
}

/** A PostgreSQL of one's own. */
export function startPostgres() {
  return DatabaseServer.start(postgresql);
}

/** A Redis of one's own. */
export function startRedis() {
  return DatabaseServer.start(redis);
}

/** A Redis that can be a node of a cluster. */
export function startRedisNode() {
  return DatabaseServer.start(redisNode);
}

/** Starts a sentinel that watches nothing yet. */
export function startRedisSentinel() {
  return DatabaseServer.start(redisSentinel);
}
