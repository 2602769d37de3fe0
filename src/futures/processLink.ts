/*
 * The link to a child process: a pipe for messages, marks in a file, a second pipe by which it learns that this process is
 * gone.
 *
 * Strategy: a child leads a session and a process group of its own: Ctrl-C in a terminal reaches this process alone,
 * which then decides; and a kill ends with the child what it has started and waits for (`execSync`).
 * Limits: on Windows there are no groups; what a child started there outlives it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { constants } from "node:os";
import type { TimerHandle } from "../core/clock.ts";
import { getRunningLoop } from "../core/scope.ts";
import { GUARD, MESSAGES } from "./childStdio.ts";
import { forgetChild, rememberChild, signalGroup } from "./children.ts";
import { type Marks, makeMarks } from "./marks.ts";
import type { Link, LinkOwner } from "./link.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import type { TreeLook } from "./workerTrees.ts";
import { frame, FrameReader } from "./wire.ts";

/** How the children of a pool are started. @internal */
export interface ChildPlan {
  readonly execArgv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** In MiB; 0 for what Node.js takes by itself. */
  readonly heap: number;
  /** How long a child that has nothing to do may take to exit, in milliseconds. */
  readonly grace: number;
}

interface SocketsOfChild {
  readonly [MESSAGES]: Socket;
  readonly [GUARD]: Socket;
}

/** @internal */
export class ProcessLink implements Link {
  readonly #name: string;
  readonly #plan: ChildPlan;
  readonly #owner: LinkOwner;
  readonly #marks: Marks;
  readonly #child: ChildProcess;
  readonly #messages: Socket | null;
  #failure: unknown = undefined;
  #closing: TimerHandle | null = null;
  #gone = false;

  constructor(name: string, initializing: boolean, owner: LinkOwner, plan: ChildPlan) {
    this.#name = name;
    this.#plan = plan;
    this.#owner = owner;
    this.#marks = makeMarks();
    try {
      this.#child = start(name, initializing, this.#marks.fd, plan);
    } catch (error) {
      this.#marks.close();
      throw error;
    }
    this.#child.on("error", (error) => this.#onError(error));
    this.#child.on("exit", (_code, signal) => this.#onExit(signal));
    this.#child.on("close", (code, signal) => this.#onClose(code ?? 0, signal));
    this.#messages = this.#child.pid === undefined ? null : this.#listen();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  #listen(): Socket {
    rememberChild(this.pid);
    const { [MESSAGES]: messages, [GUARD]: guard } = this.#child.stdio as unknown as SocketsOfChild;
    const reader = new FrameReader((message) => this.#owner.heard(message as FromWorker));
    messages.on("data", (part) => reader.add(part));
    // A child that is gone takes nothing any more; its `close` tells.
    messages.on("error", () => {});
    guard.on("error", () => {});
    // Nothing but the child's end closes it.
    guard.unref();
    guard.resume();
    return messages;
  }

  send(message: ToWorker): void {
    const bytes = frame(message);
    if (this.#messages?.writable === true) this.#messages.write(bytes);
  }

  where(): string {
    return `process ${this.pid}`;
  }

  look(number: number, within: number): TreeLook {
    this.send({ tree: number, look: { within, to: null } });
    return { read: () => this.#marks.shown(number), close: () => {} };
  }

  hold(): void {
    this.#child.ref();
    this.#messages?.ref();
  }

  release(): void {
    if (this.#closing !== null) return;
    this.#child.unref();
    this.#messages?.unref();
  }

  running(): number {
    return this.#marks.read().running;
  }

  begun(): number {
    return this.#marks.read().begun;
  }

  stopping(): number {
    return this.#marks.stopping;
  }

  askToStop(id: number): void {
    this.#marks.ask(id);
  }

  /** The child exits by itself when the pipe ends; one that does not is killed. */
  close(): void {
    if (this.#closing !== null || this.#gone) return;
    this.hold();
    const loop = getRunningLoop();
    this.#closing = loop.schedule(loop.time() + this.#plan.grace, killLink, this);
    this.#messages?.end();
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    if (this.#gone) return;
    this.hold();
    signalGroup(this.pid, signal);
  }

  /** It could not be started, or could not be sent a signal. */
  #onError(error: unknown): void {
    if (this.#child.pid !== undefined) return;
    this.#failure = error;
    this.#over(-1, `the process '${this.#name}' could not be started`);
  }

  #onExit(signal: NodeJS.Signals | null): void {
    // What it had started and waited for.
    if (signal !== null) signalGroup(this.pid, "SIGKILL");
  }

  #onClose(code: number, signal: NodeJS.Signals | null): void {
    if (signal === null) {
      return this.#over(code, `the process '${this.#name}' ended with code ${code}`);
    }
    const words = `the process '${this.#name}' was ended by ${signal}${this.#why(signal)}`;
    this.#over(-constants.signals[signal], words);
  }

  #why(signal: NodeJS.Signals): string {
    if (signal === "SIGKILL")
      return " (by hand, or by the system because the machine was out of memory)";
    if (signal !== "SIGABRT") return "";
    const limit = this.#plan.heap === 0 ? "" : ` of ${this.#plan.heap} MiB`;
    return `, as Node.js does when it is out of memory (its heap${limit} was full)`;
  }

  #over(exitCode: number, words: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#closing?.cancel();
    if (this.#child.pid !== undefined) forgetChild(this.#child.pid);
    this.#marks.close();
    this.#owner.ended({ exitCode, words, failure: this.#failure });
  }
}

function start(name: string, initializing: boolean, marks: number, plan: ChildPlan): ChildProcess {
  // Children load compiled code, also when this file runs as TypeScript; `imports` says where.
  const entry = createRequire(import.meta.url).resolve("#futures-process");
  const heap = plan.heap === 0 ? [] : [`--max-old-space-size=${plan.heap}`];
  const args = [...plan.execArgv, ...heap, entry, name, initializing ? "initializing" : "ready"];
  return spawn(process.execPath, args, {
    detached: process.platform !== "win32",
    windowsHide: true,
    env: plan.env,
    stdio: ["ignore", "inherit", "inherit", "pipe", "pipe", marks],
  });
}

function killLink(link: ProcessLink): void {
  link.kill();
}
