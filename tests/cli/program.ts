/**
 * The command line `ambit`, as it was built, in a process of its own: what it prints, and how it ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const ENTRY = join(import.meta.dirname, "../../dist/cli/main.js");

const programs = new Set<Program>();

/** For `afterEach`: kills those that still run. */
export async function killPrograms(): Promise<void> {
  for (const program of programs) await program.kill();
}

export class Program {
  readonly process: ChildProcess;
  readonly #closed: Promise<unknown>;
  out = "";
  err = "";

  /** @param folder where it runs */
  constructor(folder: string, ...args: readonly string[]) {
    const env = { ...process.env, LANG: "C" };
    this.process = spawn(process.execPath, [ENTRY, ...args], { env, cwd: folder });
    this.process.stdout?.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.err += text));
    this.#closed = once(this.process, "close");
    programs.add(this);
  }

  /** Its exit code, when it has ended; null after a kill. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.process.kill(signal);
    await this.#closed;
    programs.delete(this);
    return this.process.exitCode;
  }

  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Waits until it has printed those words. */
  async says(words: string): Promise<void> {
    while (!this.out.includes(words))
      await once(this.process.stdout as NodeJS.ReadableStream, "data");
  }
}
