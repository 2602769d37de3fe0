/*
 * The entry of a thread of a pool.
 */
import { readlinkSync } from "node:fs";
import { receiveMessageOnPort, workerData, type TransferListItem } from "node:worker_threads";
import { ring } from "./blocking.ts";
import { BETWEEN_THREADS } from "./cloning.ts";
import { doWhatIsLeft } from "./leaving.ts";
import {
  BEGUN,
  EXIT,
  type FromWorker,
  RUNNING,
  STOPPING,
  SYSTEM_ID,
  type ThreadStart,
  type ToThread,
  type ToWorker,
  type TreeWish,
} from "./protocol.ts";
import { watchStops } from "./stopFlag.ts";
import { WorkerLoop } from "./workerLoop.ts";
import type { WorkerPort } from "./workerPort.ts";

const { bell, initializing, name, port, shared } = workerData as ThreadStart;

class ThreadPort implements WorkerPort {
  readonly medium = BETWEEN_THREADS;
  readonly name = name;
  #hear: (message: ToThread) => void = () => {};

  listen(hear: (message: ToWorker) => void): void {
    this.#hear = (message) => {
      if ("leave" in message) void leave();
      else hear(message);
    };
    port.on("message", this.#hear);
  }

  send(message: FromWorker, moved: readonly TransferListItem[]): void {
    port.postMessage(message, moved);
    ring(bell);
  }

  show(_number: number, text: string, { to }: TreeWish): void {
    to?.postMessage(text);
    to?.close();
  }

  begin(id: number): void {
    Atomics.add(shared, BEGUN, 1);
    Atomics.store(shared, RUNNING, id);
  }

  end(): void {
    Atomics.store(shared, RUNNING, 0);
  }

  stopWanted(): boolean {
    return Atomics.load(shared, STOPPING) !== 0;
  }

  readMessages(): void {
    for (
      let read = receiveMessageOnPort(port);
      read !== undefined;
      read = receiveMessageOnPort(port)
    ) {
      this.#hear(read.message as ToThread);
    }
  }
}

/** Exits, when what is left was done and what was printed has gone out. */
async function leave(): Promise<void> {
  await doWhatIsLeft();
  await Promise.all([process.stdout, process.stderr].map(printed));
  process.exit();
}

/** What was printed goes through the main thread, piece by piece; what has not left is lost with the thread. */
function printed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

/** What Linux calls this thread; 0 elsewhere. */
function systemId(): number {
  try {
    return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return 0;
  }
}

Atomics.store(shared, SYSTEM_ID, systemId());
process.once("exit", (code) => {
  Atomics.store(shared, EXIT, code + 1);
  ring(bell);
});
watchStops(() => {
  const running = Atomics.load(shared, RUNNING);
  return running !== 0 && Atomics.load(shared, STOPPING) === running;
});
new WorkerLoop(new ThreadPort()).start(initializing);
