/**
 * Programs for the tests of `ambit serve`, and the processes that run them: what was built, in a folder of their own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/**
 * An application by shape alone: node:http, with a start and a drain.
 *
 * `/` answers the process id, `/slow?ms` after so many milliseconds, `/die` ends the process; every answer of a server
 * that drains says `Connection: close`.
 */
export const PLAIN = `import { createServer } from "node:http";
import { Server } from "node:net";

let draining = false;

const app = {
  async start({ host, port, path }) {
    const server = createServer(answer);
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(path === undefined ? { host, port } : { path }, resolve);
    });
    const { port: known } = server.address();
    return {
      url: path === undefined ? \`http://\${host}:\${known}/\` : \`unix:\${path}\`,
      async drain({ timeout, lameDuck, idleGrace = 0 }) {
        draining = true;
        if (lameDuck > 0) await new Promise((resolve) => setTimeout(resolve, lameDuck));
        const closed = new Promise((resolve) => server.once("close", resolve));
        // That of node:http would close a connection whose request is still on its way.
        Server.prototype.close.call(server);
        setTimeout(() => server.close(), Math.min(idleGrace, timeout)).unref();
        const deadline = setTimeout(() => server.closeAllConnections(), timeout);
        await closed;
        clearTimeout(deadline);
      },
    };
  },
};

function answer(request, response) {
  if (draining) response.setHeader("connection", "close");
  const url = new URL(request.url, "http://localhost");
  if (url.pathname === "/die") process.exit(7);
  if (url.pathname !== "/slow") return void response.end(String(process.pid));
  setTimeout(() => response.end(\`slow \${process.pid}\`), Number(url.search.slice(1)));
}

export default app;
`;

/** What was built. */
export const DIST: string = join(import.meta.dirname, "../../../dist");

/** A folder for one test's program. */
export class Folder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "ambit-serve-"));

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A running `ambit serve`; `await using` ends it, whatever has happened. */
export class Served implements AsyncDisposable {
  readonly process: ChildProcess;
  out = "";
  err = "";
  readonly #closed: Promise<unknown>;

  constructor(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const all = [join(DIST, "cli/main.js"), "serve", ...args];
    const options = { cwd: folder, env: { ...process.env, ...env } };
    this.process = spawn(process.execPath, all, options);
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.err += text));
    this.#closed = once(this.process, "close");
  }

  get pid(): number {
    return this.process.pid as number;
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** The exit code, once it has ended. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.process.exitCode;
  }

  /** Waits until the text is on the error output. */
  async says(text: string | RegExp): Promise<void> {
    await until(() => (typeof text === "string" ? this.err.includes(text) : text.test(this.err)));
  }

  /** Where it listens, once it does. */
  async url(): Promise<string> {
    await this.says(/ on http\S+/);
    return / on (http\S+?)\/? /.exec(this.err)?.[1] as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.kill("SIGKILL");
    await this.#closed;
  }
}

/** The text of an answer. */
export async function textOf(url: string, agent?: Agent): Promise<string> {
  const [response] = await once(get(url, { agent: agent ?? new Agent() }), "response");
  response.setEncoding("utf8");
  let text = "";
  for await (const piece of response as AsyncIterable<string>) text += piece;
  return text;
}

/** Waits for it, ten seconds at most. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await condition()) return;
    await delay(10);
  }
  throw new Error(`it has not come to this within 10 s: ${String(condition)}`);
}

/** Whether there is such a process. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
