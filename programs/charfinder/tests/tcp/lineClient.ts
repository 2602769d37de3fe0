/**
 * The line clients that people have, netcat and telnet, as processes of a test: those that scripts/lineClients.mjs has
 * brought, or the machine's own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const BROUGHT = join(import.meta.dirname, "../../../../.servers/clients");
const PLACES = {
  nc: ["bin/nc.openbsd", "nc"],
  telnet: ["usr/bin/inetutils-telnet", "telnet"],
} as const;

/** Where it is; undefined when the machine has none. */
function pathOf(client: keyof typeof PLACES): string | undefined {
  const [brought, name] = PLACES[client];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return [join(BROUGHT, brought), ...folders.map((each) => join(each, name))].find(existsSync);
}

/** Whether it is missing, for `skipIf`. */
export function lineClientMissing(client: keyof typeof PLACES): boolean {
  return pathOf(client) === undefined;
}

/** A client that talks to a port; `await using` ends it. */
export class LineClient implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly #closed: Promise<unknown>;
  #said = "";

  constructor(client: keyof typeof PLACES, port: number) {
    const libraries = ["usr/lib", "lib"].flatMap((at) =>
      ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((machine) => join(BROUGHT, at, machine)),
    );
    const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(delimiter) };
    const path = pathOf(client) as string;
    this.process = spawn(path, ["127.0.0.1", String(port)], {
      env,
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#said += text));
    this.#closed = once(this.process, "close");
  }

  type(text: string): void {
    this.process.stdin?.write(text);
  }

  /** Waits until it has shown that text; gives all that it has shown. */
  async shows(text: string): Promise<string> {
    while (!this.#said.includes(text)) {
      const next = once(this.process.stdout as NodeJS.EventEmitter, "data");
      await Promise.race([next, this.#closed]);
      if (this.process.exitCode !== null && !this.#said.includes(text))
        throw new Error(`it has ended without showing ${JSON.stringify(text)}: ${this.#said}`);
    }
    return this.#said;
  }

  /** All that it has shown, once it has ended by itself. */
  async ended(): Promise<string> {
    await this.#closed;
    return this.#said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null)
      this.process.kill("SIGKILL");
    await this.#closed;
  }
}
