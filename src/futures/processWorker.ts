/*
 * The entry of a child process of a pool.
 *
 * Strategy: messages come through a pipe, marks go to a file. When the pipe ends, the pool has done with this process, or is
 * gone itself: it exits. A thread watches a second pipe, so that this holds also in the middle of a call that never
 * awaits: nothing outlives a program that was killed.
 */
import { Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { getRunningLoop } from "../core/scope.ts";
import { sleep } from "../core/sleep.ts";
import { GUARD, MARKS, MESSAGES } from "./childStdio.ts";
import { doWhatIsLeft } from "./leaving.ts";
import { Marks } from "./marks.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { watchStops } from "./stopFlag.ts";
import { BETWEEN_PROCESSES, frame, FrameReader } from "./wire.ts";
import { WorkerLoop } from "./workerLoop.ts";
import type { WorkerPort } from "./workerPort.ts";

/** How far apart two looks at the file should be, in milliseconds. */
const GAP = 1;
/** The most looks at the flag for one at the clock. */
const LOOKS = 64;

const loop = getRunningLoop();
const marks = new Marks(MARKS);
const messages = new Socket({ fd: MESSAGES });

let leaving = false;

/** Exits, when what is left was done, and what was written has gone out: `exit` drops what a slow reader has not taken yet. */
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  await doWhatIsLeft();
  const outputs = [process.stdout, process.stderr];
  let left = outputs.length;
  for (const output of outputs) {
    // Nobody reads it any more.
    output.on("error", () => {});
    output.write("", () => {
      if (--left === 0) process.exit();
    });
  }
}

class ProcessPort implements WorkerPort {
  readonly medium = BETWEEN_PROCESSES;
  readonly name = process.argv[2] ?? "";
  running = 0;
  #lastLook = 0;

  listen(hear: (message: ToWorker) => void): void {
    const reader = new FrameReader((message) => hear(message as ToWorker));
    messages.on("data", (part) => reader.add(part));
    messages.on("error", () => void leave());
    messages.on("end", () => void leave());
  }

  send(message: FromWorker): void {
    messages.write(frame(message));
  }

  show(number: number, text: string): void {
    marks.show(number, text);
  }

  begin(id: number): void {
    this.running = id;
    marks.begin(id);
  }

  end(): void {
    this.running = 0;
  }

  stopWanted(): boolean {
    const now = loop.time();
    if (now - this.#lastLook < GAP) return false;
    this.#lastLook = now;
    return marks.wanted() !== 0;
  }

  async readMessages(): Promise<void> {
    // The first turn may be the one that was begun already, which has read before.
    await sleep(0);
    await sleep(0);
  }
}

/** Looks at the file about once a millisecond, however often it is asked. */
class StopFlag {
  readonly #port: ProcessPort;
  #left = 0;
  #looks = 1;
  #lastLook = 0;
  #seen = 0;

  constructor(port: ProcessPort) {
    this.#port = port;
  }

  look(): boolean {
    if (--this.#left <= 0) this.#lookNow();
    return this.#seen !== 0 && this.#seen === this.#port.running;
  }

  #lookNow(): void {
    const now = loop.time();
    if (now - this.#lastLook < GAP) this.#looks = Math.min(2 * this.#looks, LOOKS);
    else {
      // Long between two looks: the loop that asks may have become slower.
      this.#looks = Math.max(1, this.#looks >> 1);
      this.#lastLook = now;
      this.#seen = marks.wanted();
    }
    this.#left = this.#looks;
  }
}

/** In a thread: the pool's end of the pipe closes when its process is gone, however that ended. */
const WATCH = `
  const { Socket } = require("node:net");
  const end = () => process.kill(process.platform === "win32" ? process.pid : 0, "SIGKILL");
  new Socket({ fd: ${GUARD} }).on("error", end).on("end", end).resume();
`;

const port = new ProcessPort();
const flag = new StopFlag(port);
watchStops(() => flag.look());
// What this process exits with is the pool's matter; the terminal's signals are not this process's.
process.on("SIGINT", () => {});
new WorkerLoop(port).start(process.argv[3] === "initializing");
new Worker(WATCH, { eval: true, execArgv: [] }).unref();
