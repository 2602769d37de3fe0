/*
 * Runs the built program as a user does, in a process of its own, and tells all that came of it.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

import { onTestFinished } from "vitest";

import { testCache } from "../search/sharedIndex.ts";

/** The compiled entry; `npm test` has built it before. */
const entry = join(import.meta.dirname, "../../dist/main.js");

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Program {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<Ended>;

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [entry, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], XDG_CACHE_HOME: testCache },
    });
    onTestFinished(() => void this.process.kill("SIGKILL"));
    this.ended = this.#end();
  }

  /** What it says first: a server, when it listens. */
  async greeting(): Promise<string> {
    const [data] = (await once(this.process.stdout, "data")) as [Buffer];
    return data.toString();
  }

  async #end(): Promise<Ended> {
    const { stdout, stderr } = this.process;
    const exit = once(this.process, "close") as Promise<[number | null]>;
    const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), exit]);
    return { code, out, err };
  }
}

/** Runs `charfinder` with these arguments to its end. */
export function charfinder(...args: string[]): Promise<Ended> {
  return new Program(...args).ended;
}
