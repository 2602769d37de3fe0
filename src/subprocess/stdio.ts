/*
 * Where the standard streams of a child come from and go to: what callers say, made into what Node's `spawn` takes.
 *
 * Strategy: a path is opened here and closed again when the child has it. `STDOUT` for stderr is what stdout is; when
 * that is a pipe, both must be one, and the child gets one end of a socket pair twice, so that the order of what it
 * writes is kept (Node would make two pipes, whose order is nobody's to tell).
 * Limits: Node's pipes are sockets: a child cannot open `/dev/stdin` by that name.
 */
import type { StdioOptions } from "node:child_process";
import { type FileHandle, open } from "node:fs/promises";
import type { Socket } from "node:net";
import { expectInteger, wrongType } from "../core/arguments.ts";
import { suspend } from "../core/suspend.ts";
import { expectPath, pathOf } from "./path.ts";
import { connectPair } from "./socketPair.ts";

/** A pipe to or from the child (`subprocess.PIPE`). */
export const PIPE: unique symbol = Symbol("PIPE");
/** For stderr: the same as stdout (`subprocess.STDOUT`). */
export const STDOUT: unique symbol = Symbol("STDOUT");
/** Nothing to read, and what is written is dropped (`subprocess.DEVNULL`). */
export const DEVNULL: unique symbol = Symbol("DEVNULL");
/** The stream of this process; the default. */
export const INHERIT: unique symbol = Symbol("INHERIT");

/**
 * Where a standard stream goes: {@link PIPE}, {@link DEVNULL}, {@link INHERIT}, an open file descriptor, or the path of
 * a file, which is read as stdin and written anew as stdout or stderr.
 */
export type Stdio = typeof PIPE | typeof DEVNULL | typeof INHERIT | number | string | URL;

/** The three standard streams of a child. */
export interface StdioChoice {
  /** Default {@link INHERIT}. */
  readonly stdin?: Stdio;
  /** Default {@link INHERIT}. */
  readonly stdout?: Stdio;
  /** {@link STDOUT} too. Default {@link INHERIT}. */
  readonly stderr?: Stdio | typeof STDOUT;
}

type Entry = "pipe" | "ignore" | number | Socket;

const WHAT = "PIPE, DEVNULL, INHERIT, a file descriptor or a path";

/** @internal */
export function expectStdio({ stdin, stdout, stderr }: StdioChoice): void {
  expectOne("options.stdin", stdin, WHAT);
  expectOne("options.stdout", stdout, WHAT);
  if (stderr !== STDOUT) expectOne("options.stderr", stderr, `STDOUT, ${WHAT}`);
}

function expectOne(name: string, value: unknown, expected: string): void {
  if (value === undefined || value === PIPE || value === DEVNULL || value === INHERIT) return;
  if (typeof value === "number") return expectInteger(name, value, 0);
  if (typeof value === "string" || value instanceof URL) return expectPath(name, value);
  throw wrongType(name, expected, value);
}

/** The standard streams for one child, between the choice and the start. @internal */
export class StdioPlan {
  /** This process's end of the one pipe of stdout and stderr; null where Node makes the pipes. */
  merged: Socket | null = null;
  readonly #entries: [Entry, Entry, Entry] = ["ignore", "ignore", "ignore"];
  readonly #files: FileHandle[] = [];
  #childsEnd: Socket | null = null;

  /** Opens what is to be opened; nothing stays open when that fails. A point of cancellation where it waits. */
  async prepare({
    stdin = INHERIT,
    stdout = INHERIT,
    stderr = INHERIT,
  }: StdioChoice): Promise<void> {
    try {
      if (stdout === PIPE && stderr === STDOUT) await this.#merge();
      this.#entries[0] = await this.#entry(0, stdin);
      this.#entries[1] = this.#childsEnd ?? (await this.#entry(1, stdout));
      this.#entries[2] = stderr === STDOUT ? this.#entries[1] : await this.#entry(2, stderr);
    } catch (error) {
      await this.abandon();
      throw error;
    }
  }

  /** What `spawn` takes. */
  get entries(): StdioOptions {
    return this.#entries;
  }

  /** The child has its streams: closes this process's copies of them. */
  async release(): Promise<void> {
    // Destroyed, never ended: an end would shut the child's direction down too.
    this.#childsEnd?.destroy();
    await Promise.allSettled(this.#files.splice(0).map((file) => file.close()));
  }

  /** There is no child. */
  abandon(): Promise<void> {
    this.merged?.destroy();
    return this.release();
  }

  async #merge(): Promise<void> {
    const [ours, childs] = await connectPair();
    this.merged = ours;
    this.#childsEnd = childs;
  }

  async #entry(index: number, choice: Stdio): Promise<Entry> {
    if (choice === PIPE) return "pipe";
    if (choice === DEVNULL) return "ignore";
    if (choice === INHERIT) return index;
    if (typeof choice === "number") return choice;
    const file = await openFile(pathOf(choice), index === 0 ? "r" : "w");
    this.#files.push(file);
    return file.fd;
  }
}

/** Opens a file; one that is open too late, after a cancel, is closed again. */
function openFile(path: string, flags: string): Promise<FileHandle> {
  return suspend<FileHandle>(
    (wait) => {
      open(path, flags).then(
        (file) => void (wait.resolve(file) || file.close()),
        (error: unknown) => wait.reject(error),
      );
    },
    undefined,
    "open",
  );
}
