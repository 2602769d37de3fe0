/*
 * Process: a child that runs, its pipes, and its end.
 *
 * Strategy: all waits for the end stand in one queue, which Node's exit event settles; by then libuv has reaped the child.
 * Awaiting a process ties the awaiter to it, as awaiting a task does; `shield` unties. CPython does not kill on cancel;
 * `killOnCancel: false` is its rule.
 * Limits: a child that a real-time signal ended looks to Node as if it had returned 0.
 */
import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { outOfRange, wrongType } from "../core/arguments.ts";
import { isCancelled } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import type { Cleanup, Wait } from "../core/suspension.ts";
import { taskGroup } from "../core/taskGroup.ts";
import { WaitQueue } from "../core/waitQueue.ts";
import type { StreamReader } from "../streams/reader.ts";
import type { StreamWriter } from "../streams/writer.ts";
import { Addressee } from "./addressee.ts";
import { Ending } from "./ending.ts";
import { discard, exchange } from "./exchange.ts";
import { DEFAULT_GRACE, type SubprocessOptions } from "./options.ts";
import { ownerHere, ownerRun } from "./owner.ts";
import { Pipes } from "./pipes.ts";
import type { Command } from "./spawn.ts";

/** What comes from a stream in the end. */
type Output<Stream> = Stream extends StreamReader ? Buffer : null;

/**
 * A child process (`asyncio.subprocess.Process`), made by `createSubprocessExec` and `createSubprocessShell`.
 *
 * Prints as `<Process 'cat' pid=123 running>`, with what was received and not read: a child whose pipe is full waits.
 *
 * Who ends it: awaiting a process ties the awaiter to it, as awaiting a task does. A cancel of a task that is in `wait`
 * or `communicate` ends the process, whoever else waits for it: SIGTERM, after `grace` SIGKILL; the wait ends when the
 * process is reaped. `await using` does the same at the end of its block. A process that nobody has ended belongs to the
 * task group that it was started in, or else to the `run`: it is ended after the last child of the group, the last task
 * of the run, before that returns. `shield(() => process.wait())` unties a wait. `killOnCancel: false` unties all waits
 * (CPython's rule), and the process from its group; the end of the run then lets it go, and Node does not wait for it.
 * The whole process group is meant where `killGroup` says so.
 *
 * @example
 * ```ts
 * import { createSubprocessExec, PIPE } from "ambit/subprocess";
 *
 * const process = await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
 * process.stdin.write("hello\n");
 * String(await process.stdout.readline()); // => "hello\n"
 * process.stdin.close();
 * await process.wait(); // => 0
 * ```
 */
export class Process<
  In extends StreamWriter | null = StreamWriter | null,
  Out extends StreamReader | null = StreamReader | null,
  Err extends StreamReader | null = StreamReader | null,
> implements AsyncDisposable {
  /** The number that the operating system knows it by. */
  readonly pid: number;
  /** Writes to its input; null where that is no pipe. */
  readonly stdin: In;
  /** Reads its output; null where that is no pipe. */
  readonly stdout: Out;
  /** Reads its error output; null where that is no pipe of its own. */
  readonly stderr: Err;
  readonly #command: Command;
  readonly #options: SubprocessOptions;
  readonly #child: ChildProcess;
  readonly #addressee: Addressee;
  readonly #pipes: Pipes;
  #owner = ownerHere();
  readonly #exits = new WaitQueue<number>();
  readonly #ending: Ending;
  #returncode: number | null = null;

  /** @internal */
  constructor(
    command: Command,
    options: SubprocessOptions,
    child: ChildProcess,
    merged: Socket | null,
  ) {
    this.#command = command;
    this.#options = options;
    this.#child = child;
    this.pid = child.pid as number;
    this.#addressee = new Addressee(this.pid, options.killGroup === true);
    this.#pipes = new Pipes(child, merged, options.limit, () => this.#leaveOwner());
    this.stdin = this.#pipes.stdin as In;
    this.stdout = this.#pipes.stdout as Out;
    this.stderr = this.#pipes.stderr as Err;
    this.#ending = new Ending(this);
    this.#owner.add(this);
    child.on("exit", (code, signal) => this.#exited(code, signal));
  }

  /** Its exit code, or the negative number of the signal that ended it; null while it runs. */
  get returncode(): number | null {
    return this.#returncode;
  }

  /**
   * Waits until the process has ended; any number of tasks may.
   *
   * With output piped and nobody reading it, the child waits for a reader when the pipe is full, and this waits for the
   * child: use `communicate`, or read meanwhile. A report of the task tree shows what is unread.
   *
   * **Cancellation:** ends the process and throws when it is reaped; with `killOnCancel: false` throws at once.
   *
   * @returns the {@link Process.returncode}
   */
  async wait(): Promise<number> {
    try {
      return await this.untilReaped();
    } catch (error) {
      if (this.#killsOnCancel) await this.#ending.run();
      throw error;
    }
  }

  /**
   * Writes `input`, closes stdin, reads stdout and stderr to their ends, and waits for the end of the process.
   *
   * A process that ends or closes its stdin before it has read all of the input is no error. A program that it left
   * running with its pipes holds this up until that closes them.
   *
   * **Cancellation:** ends the process and throws when it is reaped; what it writes until then is dropped. With
   * `killOnCancel: false` throws at once, and what was received can still be read.
   *
   * @param input bytes, or text, sent as UTF-8
   * @returns what came on stdout and on stderr; null for one that is no pipe
   * @throws TypeError when there is input, but stdin is no pipe
   * @throws ConcurrentReadError when another task is reading
   */
  async communicate(
    input?: Uint8Array | string,
  ): Promise<[stdout: Output<Out>, stderr: Output<Err>]> {
    this.#expectInput(input);
    try {
      const output = await exchange(this.#pipes, input);
      await this.untilReaped();
      return output as [Output<Out>, Output<Err>];
    } catch (error) {
      if (isCancelled(error) && this.#killsOnCancel) await this.#endDiscarding();
      throw error;
    }
  }

  /**
   * Sends a signal, to the whole group with `killGroup`.
   *
   * Safe at any time: the pid cannot have become another's.
   *
   * @param signal its name or number
   * @returns false when there is nobody to get it any more (CPython raises ProcessLookupError)
   * @throws RangeError when there is no such signal here
   * @throws Error with code EPERM when the process runs as another user
   */
  sendSignal(signal: NodeJS.Signals | number): boolean {
    return this.#addressee.send(signal);
  }

  /** Asks it to end: SIGTERM. See {@link Process.sendSignal}. */
  terminate(): boolean {
    return this.sendSignal("SIGTERM");
  }

  /** Ends it at once: SIGKILL. See {@link Process.sendSignal}. */
  kill(): boolean {
    return this.sendSignal("SIGKILL");
  }

  /**
   * Closes this end of a pipe at once: a child that goes on writing to it gets EPIPE or SIGPIPE, one that reads from it
   * reads its end. What was received can still be read. Without effect on a pipe that is closed, or is none.
   *
   * @throws RangeError when `name` is no standard stream
   */
  closePipe(name: "stdin" | "stdout" | "stderr"): void {
    if (!["stdin", "stdout", "stderr"].includes(name)) {
      throw outOfRange("name", "stdin, stdout or stderr", name);
    }
    this.#pipes.close(name);
  }

  /**
   * Ends the process if it runs (SIGTERM, after `grace` SIGKILL), waits until it is reaped, and closes its pipes.
   *
   * **Cancellation:** none reaches it; one that came meanwhile is thrown by the next wait after it.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ending.run();
    this.#pipes.abort();
  }

  /** @internal */
  get label(): string {
    return `${this.#command.program} (pid ${this.pid})`;
  }

  /** @internal */
  get grace(): number {
    return this.#options.grace ?? DEFAULT_GRACE;
  }

  /** Whether there is anybody to send a signal to. @internal */
  get alive(): boolean {
    return this.#addressee.alive;
  }

  /** @internal */
  untilReaped(): Promise<number> {
    if (this.#returncode !== null) return Promise.resolve(this.#returncode);
    return suspend<number, Process>(Process.#startWait, this, "Process.wait");
  }

  /** @internal */
  async ownerEnded(): Promise<void> {
    if (this.#killsOnCancel) return this[Symbol.asyncDispose]();
    const run = ownerRun();
    if (this.#owner === run) this.#letGo();
    else {
      this.#owner = run;
      run.add(this);
    }
  }

  /** @internal */
  [OUTSIDE](): boolean {
    return true;
  }

  /** @internal */
  [INSPECT](): string {
    const state = this.#returncode === null ? "running" : `returncode=${this.#returncode}`;
    const unread = this.#pipes.unreadWords();
    const words = unread.length === 0 ? "" : ` unread: ${unread.join(" ")}`;
    return `<Process '${this.#command.program}' pid=${this.pid} ${state}${words}>`;
  }

  get #killsOnCancel(): boolean {
    return this.#options.killOnCancel ?? true;
  }

  /** Node does not wait for it. */
  #letGo(): void {
    this.#child.unref();
    this.#pipes.unref();
    this.#owner.delete(this);
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#returncode = signal === null ? (code as number) : -constants.signals[signal];
    this.#addressee.processEnded();
    this.#pipes.childEnded();
    while (this.#exits.first !== null) this.#exits.shift()?.resolve(this.#returncode);
    this.#leaveOwner();
  }

  #leaveOwner(): void {
    if (!this.alive && this.#pipes.closed) this.#owner.delete(this);
  }

  #expectInput(input: unknown): void {
    if (input === undefined) return;
    if (typeof input !== "string" && !(input instanceof Uint8Array)) {
      throw wrongType("input", "bytes or text", input);
    }
    if (this.stdin === null) {
      throw new TypeError(
        `communicate with input on ${this[INSPECT]()}: start it with stdin: PIPE`,
      );
    }
  }

  /** Reads on meanwhile: a child whose pipe is full could not clean up. */
  async #endDiscarding(): Promise<void> {
    await protect(() =>
      taskGroup(async (group) => {
        for (const reader of [this.#pipes.stdout, this.#pipes.stderr]) {
          if (reader !== null) group.spawn(() => discard(reader));
        }
        await this.#ending.run();
        group.cancel();
      }),
    );
  }

  static #startWait(this: void, wait: Wait<number>, process: Process): Cleanup<number, Process> {
    process.#exits.push(wait);
    return Process.#leave;
  }

  static #leave(this: void, wait: Wait<number>, process: Process): void {
    process.#exits.remove(wait);
  }
}
