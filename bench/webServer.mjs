// The servers of the benchmarks of HTTP, each a process of its own: nginx for files and POSTs, where it is
// there (`.servers`, brought by scripts/nginx.mjs, or the machine's own), and `webServerChild.mjs`, which
// can answer late, and stands in for nginx.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {import("node:net").AddressInfo} AddressInfo */

const PRIVATE = fileURLToPath(new URL("../.servers/nginx/usr", import.meta.url));
const CHILD = fileURLToPath(new URL("webServerChild.mjs", import.meta.url));
const searched = (process.env["PATH"] ?? "").split(delimiter).concat("/usr/sbin");
const binary = [join(PRIVATE, "sbin"), ...searched].map((at) => join(at, "nginx")).find(existsSync);

/** What a POST is answered with. */
export const ANSWER = { ok: true, items: [1, 2, 3], name: "benchmark" };

/** @param {string} folder @param {number} port */
function configuration(folder, port) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
${process.getuid?.() === 0 ? "user root;" : ""}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 2048; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/temp/${name};`).join("\n  ")}
  default_type application/octet-stream;
  sendfile on;
  keepalive_timeout 60s;
  keepalive_requests 1000000;
  open_file_cache max=20000;
  server {
    listen 127.0.0.1:${port} backlog=1024;
    root ${folder}/files;
    location /post { default_type application/json; return 200 '${JSON.stringify(ANSWER)}'; }
  }
}
`;
}

/** A port that nobody listens on now. */
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = /** @type {AddressInfo} */ (probe.address());
  probe.close();
  await once(probe, "close");
  return port;
}

/** @param {number} port @returns {Promise<boolean>} */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Servers with a folder of files. */
export class WebServer {
  /** Where the files are, for those who make them. */
  files;
  /** Of `files`, and of `/post`. */
  url = "";
  /** Of an answer of 12 KiB, 100 ms late, for every path. */
  lateUrl = "";
  /** Who answers `url`: `nginx` or `node:http`. */
  name = "";
  #folder = mkdtempSync(join(tmpdir(), "ambit-bench-"));
  /** @type {import("node:child_process").ChildProcess[]} */
  #processes = [];

  constructor() {
    this.files = join(this.#folder, "files");
    mkdirSync(this.files);
    mkdirSync(join(this.#folder, "temp"));
  }

  static async start() {
    const server = new WebServer();
    await server.#startLate();
    if (binary === undefined)
      process.stderr.write("ambit: node:http serves, for there is no nginx\n");
    else await server.#startNginx(binary);
    return server;
  }

  async #startLate() {
    const child = fork(CHILD, [this.files]);
    this.#processes.push(child);
    const [port] = await once(child, "message");
    this.name = "node:http";
    this.url = `http://127.0.0.1:${port}`;
    this.lateUrl = `${this.url}/late`;
  }

  /** @param {string} file */
  async #startNginx(file) {
    const port = await freePort();
    const folder = this.#folder;
    writeFileSync(join(folder, "nginx.conf"), configuration(folder, port));
    const args = ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")];
    const env = { ...process.env, LD_LIBRARY_PATH: join(PRIVATE, "lib", "x86_64-linux-gnu") };
    const child = spawn(file, args, { env, stdio: "ignore" });
    this.#processes.push(child);
    while (!(await answers(port))) {
      if (child.exitCode !== null) throw new Error(`nginx ended with code ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.name = "nginx";
    this.url = `http://127.0.0.1:${port}`;
  }

  async end() {
    for (const child of this.#processes) {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
