/*
 * Workers without processes, for a supervisor in virtual time: each test says what they do.
 */
import { getRunningLoop } from "ambit";
import type { ServeEvent } from "../../../src/cli/serve/events.ts";
import type { FromWorker, ToWorker } from "../../../src/cli/serve/messages.ts";
import { Supervisor, type SupervisorOptions } from "../../../src/cli/serve/supervisor.ts";
import type { Exit, Forked, ForkListener } from "../../../src/cli/serve/workerProcess.ts";

/** What a fake worker does when it starts. */
export type Behaviour = (worker: FakeWorker) => void;

/** One that is ready after so many milliseconds, and drains in no time. */
export const ready =
  (ms: number): Behaviour =>
  (worker) =>
    worker.after(ms, () => worker.says({ ambit: "ready", url: "http://localhost:1/" }));

/** One that ends after so many milliseconds, before it was ready. */
export const dying =
  (ms: number, code = 1): Behaviour =>
  (worker) =>
    worker.after(ms, () => worker.ends({ code, signal: null }));

/** One that says why it does not start. */
export const failing =
  (line: string): Behaviour =>
  (worker) =>
    worker.after(1, () => {
      worker.says({ ambit: "failed", line, detail: "", usage: false });
      worker.ends({ code: 1, signal: null });
    });

/** One that hangs: neither ready nor ending. */
export const hanging: Behaviour = () => {};

/** A worker that is none. */
export class FakeWorker implements Forked {
  readonly pid: number;
  readonly worker: number;
  readonly got: ToWorker[] = [];
  /** How long it takes to answer what it was asked; Infinity for one that never ends by itself. */
  drainTime = 0;
  alive = true;
  readonly #listener: ForkListener;

  constructor(pid: number, worker: number, listener: ForkListener) {
    this.pid = pid;
    this.worker = worker;
    this.#listener = listener;
  }

  after(ms: number, act: () => void): void {
    if (ms !== Infinity) getRunningLoop().callLater(ms, act);
  }

  says(message: FromWorker): void {
    if (this.alive) this.#listener.heard(message);
  }

  ends(exit: Exit): void {
    if (!this.alive) return;
    this.alive = false;
    this.#listener.ended(exit);
  }

  send(message: ToWorker): void {
    this.got.push(message);
    if (message.ambit === "drain")
      this.after(this.drainTime, () => this.says({ ambit: "drained" }));
    if (message.ambit === "leave") this.after(0, () => this.ends({ code: 0, signal: null }));
  }

  kill(signal: NodeJS.Signals): void {
    this.after(0, () => this.ends({ code: null, signal }));
  }
}

/** A supervisor over fake workers, with all that happened. */
export class FakeService {
  readonly forked: FakeWorker[] = [];
  readonly events: ServeEvent[] = [];
  readonly supervisor: Supervisor;
  /** What the next ones do; the last stands for all further ones. */
  behaviours: Behaviour[];

  constructor(behaviours: Behaviour[], options: Partial<SupervisorOptions> = {}) {
    this.behaviours = behaviours;
    this.supervisor = new Supervisor({
      workers: 2,
      startTimeout: 1000,
      drainTimeout: 500,
      idleGrace: 100,
      waitsForChange: false,
      say: (event) => this.events.push(event),
      fork: (worker, listener) => {
        const fake = new FakeWorker(100 + this.forked.length, worker, listener);
        this.forked.push(fake);
        const [next] = this.behaviours.length > 1 ? this.behaviours.splice(0, 1) : this.behaviours;
        next?.(fake);
        return fake;
      },
      ...options,
    });
  }

  /** Process ids of those that live. */
  get alive(): number[] {
    return this.forked.filter(({ alive }) => alive).map(({ pid }) => pid);
  }

  /** The names of what happened. */
  get heard(): string[] {
    return this.events.map(({ event }) => event);
  }

  of(event: ServeEvent["event"]): ServeEvent[] {
    return this.events.filter((each) => each.event === event);
  }
}
