/*
 * Supervisor: keeps as many workers serving as are wanted, and replaces them without losing a request.
 *
 * Strategy: a task for each place among the workers (its keeper) starts a process there whenever none serves. Whatever
 * takes a process away starts its successor first and waits until that is ready: so there is always one that listens.
 * What is cancelled ends what it has begun: a keeper drains its process, a start that is given up ends the process that
 * was starting. The group of all these tasks ends when the last process has.
 */
import { moveOnAfter } from "../../core/cancelScope.ts";
import { TaskGroupClosedError } from "../../core/errors.ts";
import { getRunningLoop } from "../../core/scope.ts";
import { protect } from "../../core/shield.ts";
import type { Task } from "../../core/task.ts";
import { type TaskGroup, taskGroup } from "../../core/taskGroup.ts";
import { Event } from "../../sync/event.ts";
import type { ServeOrder, WorkerReport } from "../../web/workerLink.ts";
import type { Say } from "./events.ts";
import { Slot } from "./slot.ts";
import {
  exitInWords,
  type Fork,
  type OtherMessage,
  type WorkerOwner,
  WorkerProcess,
} from "./workerProcess.ts";
import { StartFailure } from "./startFailure.ts";

/** How workers are kept. Times are milliseconds. */
export interface SupervisorOptions {
  readonly workers: number;
  readonly startTimeout: number;
  readonly drainTimeout: number;
  /** How long idle connections of a worker that others stand in for stay open, to be told by their next answer. */
  readonly idleGrace: number;
  readonly fork: Fork;
  readonly say: Say;
  /** A worker that does not start is tried again when the program has changed, not after a while. */
  readonly waitsForChange: boolean;
  /** Told of the folders that a worker loads code from. */
  readonly onFolders?: (folders: readonly string[]) => void;
}

/** How much longer than it was told a worker may take to end, until it is killed, in milliseconds. */
const KILL_GRACE = 2000;

/** Keeps workers. */
export class Supervisor implements WorkerOwner {
  readonly #options: SupervisorOptions;
  readonly #slots = new Map<Slot, Task<void>>();
  readonly #processes = new Set<WorkerProcess>();
  /** Set when the first worker serves. */
  readonly #served = new Event();
  readonly #stop = new Event();
  #unstarted = 0;
  #group: TaskGroup | null = null;
  #roll: Task<void> | null = null;
  #lameDuck = 0;
  #killed = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** The processes that there are, also those that start or end. */
  get processes(): readonly WorkerProcess[] {
    return [...this.#processes].sort((a, b) => a.worker - b.worker || a.pid - b.pid);
  }

  /** How many workers are wanted. */
  get workers(): number {
    return this.#slots.size;
  }

  /** Whether one of them serves. */
  get serving(): boolean {
    return this.processes.some(({ state }) => state === "ready");
  }

  /** How many had to be killed, for they did not end in time. */
  get killed(): number {
    return this.#killed;
  }

  /**
   * Keeps the workers until `stop`, and ends when the last process has.
   *
   * **Cancellation:** as `stop` does, then passes on.
   *
   * @throws {@link StartFailure} when no worker starts in the beginning
   */
  async run(): Promise<void> {
    await taskGroup(async (group) => {
      this.#group = group;
      this.#unstarted = this.#options.workers;
      for (let at = 0; at < this.#options.workers; at++) this.#open();
      await this.#stop.wait();
      this.#roll?.cancel("the supervisor is to stop");
      for (const keeper of this.#slots.values()) keeper.cancel("the supervisor is to stop");
    });
  }

  /** Waits until the first worker serves. **Cancellation:** the wait ends. */
  async started(): Promise<WorkerProcess> {
    await this.#served.wait();
    return this.processes.find(({ url }) => url !== "") as WorkerProcess;
  }

  /** Has all workers end: after `lameDuck` milliseconds they stop listening, and answer what they were asked. */
  stop(lameDuck: number): void {
    this.#lameDuck = lameDuck;
    this.#stop.set();
  }

  /** Ends all processes now. */
  kill(): void {
    for (const process of this.#processes) process.kill();
  }

  /** Does what somebody has ordered; `why` is told. */
  order(order: ServeOrder, why: string): void {
    if (this.#stop.isSet()) return;
    if (order === "restart") return this.restart(why);
    if (order === "more") this.#open();
    else this.#close();
    this.#options.say({ event: "scaled", workers: this.workers, why });
  }

  /** Puts a new process in the place of each, one after the other. The newest order wins. */
  restart(why: string): void {
    if (this.#stop.isSet()) return;
    this.#roll?.cancel("there is a newer order");
    this.#roll = this.#spawn(() => this.#rollAll(why), "restart");
  }

  /** What all processes have counted. **Cancellation:** answers that come later are dropped. */
  async gather(): Promise<WorkerReport[]> {
    return taskGroup(async (group) => {
      const tasks = this.processes.map((process) => group.spawn(() => process.report()));
      const reports: WorkerReport[] = [];
      for (const task of tasks) reports.push(await task);
      return reports;
    });
  }

  #open(): void {
    const taken = new Set([...this.#slots.keys()].map(({ worker }) => worker));
    let worker = 1;
    while (taken.has(worker)) worker++;
    const slot = new Slot(worker);
    const keeper = this.#spawn(() => this.#keep(slot), `worker ${worker}`);
    if (keeper !== null) this.#slots.set(slot, keeper);
  }

  /** The last place is given up; the first never is. */
  #close(): void {
    const last = [...this.#slots].toSorted(([a], [b]) => b.worker - a.worker)[0];
    if (last === undefined || this.#slots.size === 1) return;
    this.#slots.delete(last[0]);
    last[1].cancel("there are to be fewer workers");
  }

  /** Sees to it that a process serves in that place. */
  async #keep(slot: Slot): Promise<void> {
    try {
      for (;;) {
        slot.stir.clear();
        if (slot.serves) await slot.stir.wait();
        else if (slot.delay === 0) await this.#renew(slot);
        else {
          const { delay } = slot;
          const { cancelledCaught } = await moveOnAfter(delay, () => slot.stir.wait());
          if (cancelledCaught) slot.delay = 0;
        }
      }
    } finally {
      const { current } = slot;
      if (current !== null) await this.#leave(current, this.#stop.isSet() ? this.#lameDuck : 0);
    }
  }

  async #renew(slot: Slot): Promise<void> {
    try {
      const fresh = await this.#launch(slot);
      // Meanwhile a restart may have put another there.
      if (slot.serves) this.#dismiss(fresh);
      else this.#adopt(slot, fresh);
    } catch (error) {
      if (!(error instanceof StartFailure)) throw error;
      await this.#notStarted(slot, error);
    }
  }

  /** A process that is ready. Given up, it is ended. */
  async #launch(slot: Slot): Promise<WorkerProcess> {
    const { fork, startTimeout } = this.#options;
    const process = new WorkerProcess(fork, this, slot.worker, slot.starts++);
    this.#processes.add(process);
    try {
      const { cancelledCaught } = await moveOnAfter(startTimeout, () => process.settled.wait());
      if (cancelledCaught) throw StartFailure.tooSlow(process, startTimeout);
      if (!process.serves) throw StartFailure.of(process);
    } catch (error) {
      await this.#leave(process, 0);
      throw error;
    }
    this.#served.set();
    return process;
  }

  #adopt(slot: Slot, fresh: WorkerProcess): void {
    const before = slot.take(fresh);
    const { worker, pid, restarts } = fresh;
    this.#options.say({ event: "worker ready", worker, pid, restarts });
    if (before !== null) this.#dismiss(before);
  }

  /** Has a process end, and does not wait for it. */
  #dismiss(process: WorkerProcess): void {
    void this.#spawn(() => this.#leave(process, 0), `worker ${process.worker}, ending`);
  }

  /** Null when all is over: what a process says, and what is ordered, may come then. */
  #spawn(body: () => Promise<void>, name: string): Task<void> | null {
    try {
      return this.#group?.spawn(body, { name }) ?? null;
    } catch (error) {
      if (error instanceof TaskGroupClosedError) return null;
      throw error;
    }
  }

  /** Has a process end: with all that it was asked, or by force when it does not. Runs to its end. */
  async #leave(process: WorkerProcess, lameDuck: number): Promise<void> {
    await protect(async () => {
      if (process.exit !== null) return;
      const { say, idleGrace } = this.#options;
      // One that does not serve yet has nothing to answer, and perhaps no ear.
      const serves = process.state !== "starting";
      const timeout = serves ? this.#options.drainTimeout : 0;
      process.drain({ timeout, lameDuck, idleGrace });
      const patience = serves ? lameDuck + timeout + KILL_GRACE : KILL_GRACE;
      const { cancelledCaught } = await moveOnAfter(patience, () => process.hasEnded.wait());
      if (!cancelledCaught) return;
      if (serves) {
        this.#killed++;
        say({ event: "worker killed", worker: process.worker, pid: process.pid, after: patience });
      }
      process.kill();
      await process.hasEnded.wait();
    });
  }

  async #notStarted(slot: Slot, failure: StartFailure): Promise<void> {
    const { say, waitsForChange } = this.#options;
    if (!this.#served.isSet() && this.#unstarted > 0) {
      this.#unstarted--;
      if (this.#unstarted === 0 && !waitsForChange) throw failure;
      // The others may be luckier. When none is, the last one tells why.
      if (this.#unstarted > 0) await this.#served.wait();
    }
    const delay = slot.failed(0);
    if (waitsForChange) slot.delay = Infinity;
    const { line, detail } = failure;
    say({
      event: "worker failed",
      worker: slot.worker,
      line,
      detail,
      next: waitsForChange ? null : delay,
    });
  }

  async #rollAll(why: string): Promise<void> {
    const { say } = this.#options;
    const begin = getRunningLoop().time();
    say({ event: "restarting", why });
    // Those of now: a new one needs no restart.
    for (const slot of Array.from(this.#slots.keys())) {
      if (!this.#slots.has(slot)) continue;
      try {
        this.#adopt(slot, await this.#launch(slot));
      } catch (error) {
        if (!(error instanceof StartFailure)) throw error;
        const { line, detail } = error;
        return say({ event: "restart failed", line, detail, serving: this.serving });
      }
    }
    say({ event: "restarted", ms: getRunningLoop().time() - begin });
  }

  changed(process: WorkerProcess): void {
    this.#processes.delete(process);
    const slot = [...this.#slots.keys()].find(({ current }) => current === process);
    if (slot === undefined || process.state !== "ready") return;
    const { worker, pid, readyAt, exit } = process;
    const next = slot.failed(getRunningLoop().time() - readyAt);
    if (exit !== null) {
      this.#options.say({ event: "worker ended", worker, pid, how: exitInWords(exit), next });
    }
    slot.stir.set();
  }

  heard(process: WorkerProcess, message: OtherMessage): void {
    switch (message.ambit) {
      case "drained":
        process.send({ ambit: "leave" });
        break;
      case "retiring":
        for (const slot of this.#slots.keys()) if (slot.current === process) slot.stir.set();
        break;
      case "folders":
        this.#options.onFolders?.(message.folders);
        break;
      case "gather":
        void this.#spawn(async () => {
          process.send({ ambit: "gathered", id: message.id, reports: await this.gather() });
        }, "gather");
        break;
      case "order":
        this.order(message.order, `by worker ${process.worker}`);
        process.send({ ambit: "ordered", id: message.id });
        break;
      default:
        message satisfies never;
    }
  }
}
