/*
 * A real nginx for a test: with a folder, a configuration and a port of its own, gone when it is disposed of.
 *
 * It is found in `.servers` (`node scripts/nginx.mjs` brings it there from Debian's packages), or on the machine.
 * Without one, tests skip and say why; where `AMBIT_SERVERS=required` is set, as .ci/run does, they fail.
 *
 * Strategy: one process in the foreground, with one worker, that writes nowhere but into its folder. The port is below
 * 32768, where Linux takes no port for outgoing connections. Its access log tells a test, to the request, what came.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const CERTIFICATE = join(import.meta.dirname, "..", "streams", "certificate");
const ROOT = join(import.meta.dirname, "..", "..");
const PRIVATE = join(ROOT, ".servers", "nginx", "usr");
const LIBRARIES = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((at) => join(PRIVATE, "lib", at));
const BROTLI = "nginx/modules/ngx_http_brotli_filter_module.so";

function found(candidates: readonly string[]): string | null {
  return candidates.find((path) => existsSync(path)) ?? null;
}

const searched = (process.env["PATH"] ?? "").split(delimiter).concat("/usr/sbin");
const binary = found([join(PRIVATE, "sbin", "nginx"), ...searched.map((at) => join(at, "nginx"))]);
const brotli = found([join(PRIVATE, "lib", BROTLI), join("/usr/lib", BROTLI)]);

/** Why there is no nginx for tests, or null: `describe.skipIf(nginxMissing() !== null)`. */
export function nginxMissing(): string | null {
  if (binary !== null) return null;
  const words = "there is no nginx: `node scripts/nginx.mjs` brings one from Debian's packages";
  if (process.env["AMBIT_SERVERS"] === "required") throw new Error(words);
  console.warn(`skipped: ${words}`);
  return words;
}

/** True when its answers can be compressed with brotli (location `/br/`). */
export const hasBrotli: boolean = brotli !== null;

/** One request that nginx has answered. */
export interface Served {
  readonly method: string;
  /** Path and query, as they came. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the body that were sent. */
  readonly bytes: number;
  /** The Range header, or `-`. */
  readonly range: string;
  /** Which connection since nginx began, and the how manyeth request on it, from 1. */
  readonly connection: number;
  readonly nth: number;
  /** Such as `HTTP/1.1` or `HTTP/2.0`. */
  readonly protocol: string;
}

/** What a test may want to be otherwise. */
export interface NginxOptions {
  /** More lines for the `server` block, such as `location /busy { return 503; }`. */
  readonly server?: string;
  /** More lines for the `http` block, such as `limit_req_zone …;`. */
  readonly http?: string;
}

function format(): string {
  const fields = ["request_method", "request_uri", "status", "body_bytes_sent", "http_range"];
  const more = ["connection", "connection_requests", "server_protocol"];
  return `'${[...fields, ...more].map((name) => `$${name}`).join(" ")}'`;
}

function configuration(
  folder: string,
  [plain, secure]: Ports,
  { http = "", server = "" }: NginxOptions,
): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const types = "text/html html; text/plain txt; application/json json; image/gif gif;";
  return `
${brotli === null ? "" : `load_module ${brotli};`}
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 2048; }
http {
  log_format tally ${format()};
  access_log ${folder}/access.log tally;
  ${temporary.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join("\n  ")}
  types { ${types} }
  default_type application/octet-stream;
  sendfile on;
  keepalive_timeout 60s;
  keepalive_requests 1000000;
  ${http}
  server {
    listen 127.0.0.1:${plain};
    listen 127.0.0.1:${secure} ssl http2;
    ssl_certificate ${CERTIFICATE}/localhost.pem;
    ssl_certificate_key ${CERTIFICATE}/localhost.key;
    root ${folder}/files;
    location /gzip/ { alias ${folder}/files/; gzip on; gzip_min_length 1; gzip_types *; }
    ${brotli === null ? "" : `location /br/ { alias ${folder}/files/; brotli on; brotli_min_length 1; brotli_types *; }`}
    location /slow/ { alias ${folder}/files/; limit_rate 64k; }
    location /norange/ { alias ${folder}/files/; max_ranges 0; etag off; }
    ${server}
  }
}
`;
}

type Ports = readonly [plain: number, secure: number];

/** A port that nobody listens on now, and not the one that is already chosen. */
async function freePort(chosen?: number): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (port === chosen) continue;
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    return await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
  } finally {
    socket.destroy();
  }
}

/** A running nginx. */
export class Nginx implements AsyncDisposable {
  /** Its own folder. Files to be served belong into {@link Nginx.files}. */
  readonly folder: string;
  readonly files: string;
  /** `http://127.0.0.1:…`, and `https://localhost:…` with HTTP/2, by the certificate of tests/streams. */
  readonly url: string;
  readonly secureUrl: string;
  readonly #process: ChildProcess;
  readonly #kill = (): void => void this.#process.kill("SIGKILL");
  readonly #served: Served[] = [];
  /** Bytes of the access log that were read. */
  #read = 0;

  private constructor(folder: string, [plain, secure]: Ports) {
    this.folder = folder;
    this.files = join(folder, "files");
    this.url = `http://127.0.0.1:${plain}`;
    this.secureUrl = `https://localhost:${secure}`;
    const args = ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")];
    const env = { ...process.env, LD_LIBRARY_PATH: LIBRARIES.join(delimiter) };
    this.#process = spawn(binary as string, args, { env, stdio: "ignore" });
    process.once("exit", this.#kill);
  }

  /**
   * Starts one; settles when it takes connections. A port that another process took between the look and the listening
   * is a reason to choose again, not to fail.
   */
  static async start(options: NginxOptions = {}): Promise<Nginx> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await Nginx.#startOnce(options);
      } catch (error) {
        if (attempt === 5 || !String(error).includes("Address already in use")) throw error;
      }
    }
  }

  static async #startOnce(options: NginxOptions): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), "ambit-nginx-"));
    mkdirSync(join(folder, "files"));
    mkdirSync(join(folder, "temp"));
    const plain = await freePort();
    const ports: Ports = [plain, await freePort(plain)];
    writeFileSync(join(folder, "nginx.conf"), configuration(folder, ports, options));
    const nginx = new Nginx(folder, ports);
    try {
      await nginx.#taken(ports[0]);
    } catch (error) {
      await nginx[Symbol.asyncDispose]();
      throw error;
    }
    return nginx;
  }

  async #taken(port: number): Promise<void> {
    while (!(await answers(port))) {
      if (this.#process.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
      else throw new Error(`nginx did not start:\n${await this.errors()}`);
    }
  }

  /** What it wrote into its error log. */
  errors(): Promise<string> {
    return readFile(join(this.folder, "error.log"), "utf8").catch(() => "");
  }

  /** Puts a file where it is served; gives its URL. */
  put(path: string, content: string | Uint8Array): string {
    const at = join(this.files, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, content);
    return `${this.url}/${path}`;
  }

  /** The requests answered so far, in the order in which their answers ended; it may lag behind by some milliseconds. */
  get served(): readonly Served[] {
    const log = openSync(join(this.folder, "access.log"), "r");
    try {
      const added = Buffer.alloc(fstatSync(log).size - this.#read);
      readSync(log, added, 0, added.length, this.#read);
      const lines = added.subarray(0, added.lastIndexOf("\n") + 1);
      this.#read += lines.length;
      this.#served.push(...lines.toString().split("\n").slice(0, -1).map(parsed));
    } finally {
      closeSync(log);
    }
    return this.#served;
  }

  /** Waits until so many requests were answered since it began. */
  async servedAtLeast(count: number, patience = 2000): Promise<readonly Served[]> {
    const begin = performance.now();
    for (;;) {
      const { served } = this;
      if (served.length >= count) return served;
      if (performance.now() - begin > patience) {
        throw new Error(`nginx has answered ${served.length} requests, not ${count}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Has it read its configuration again: a new worker takes over, the old one finishes what it has and goes. */
  reload(): void {
    this.#process.kill("SIGHUP");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("exit", this.#kill);
    const child = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      // "Fast shutdown": at once, whatever is being answered.
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function parsed(line: string): Served {
  const [method, path, status, bytes, ...rest] = line.split(" ");
  const [protocol, nth, connection] = rest.reverse();
  return {
    method: method as string,
    path: path as string,
    status: Number(status),
    bytes: Number(bytes),
    range: rest.slice(3).reverse().join(" "),
    connection: Number(connection),
    nth: Number(nth),
    protocol: protocol as string,
  };
}
