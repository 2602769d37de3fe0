/*
 * Runs the built program as a user does, in a process of its own, and tells all that came of it.
 */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { onTestFinished } from "vitest";

/** The compiled entry; `npm test` has built it before. */
export const entry = join(import.meta.dirname, "../../dist/main.js");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Program {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Ended>;

  constructor(command: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const [file = "", ...args] = command;
    this.process = spawn(file, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], ...env },
    });
    onTestFinished(() => void this.process.kill("SIGKILL"));
    this.ended = this.#end();
  }

  async #end(): Promise<Ended> {
    const { stdout, stderr } = this.process;
    const exit = once(this.process, "close") as Promise<[number | null]>;
    const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), exit]);
    return { code, out, err };
  }
}

/** Runs `flags` with these arguments to its end. */
export function flags(...args: string[]): Promise<Ended> {
  return new Program([process.execPath, entry, ...args]).ended;
}
