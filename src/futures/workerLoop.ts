/*
 * The code that runs in each worker of a pool, a thread or a process.
 *
 * Strategy: calls come in batches and run one after the other, each as a task of the kernel that runs in this worker, so
 * that code here can use all of Ambit: a cancel from outside is a cancel of that task, context variables are there.
 * Limits: messages are read between calls and while a call awaits; a call that never awaits can look at
 * `cancelRequested()`.
 */
import { createTask } from "../core/createTask.ts";
import { CancelledError } from "../core/errors.ts";
import { PLAIN } from "../core/ink.ts";
import { getRunningLoop, rootScope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { formatTreeOf } from "../core/taskTree.ts";
import { wait } from "../core/wait.ts";
import { ArrivedContext } from "./arrivedContext.ts";
import { serveCalls, type ServedCall } from "./currentCall.ts";
import { takeCalls } from "./callRuns.ts";
import { EndingOutbox } from "./endingOutbox.ts";
import { exported } from "./exported.ts";
import { sayHomeBy } from "./homeWord.ts";
import { LoadedModules } from "./loadedModules.ts";
import { packThrown } from "./parcel.ts";
import { type CallMessage, type Ending, type ToWorker, type TreeWish } from "./protocol.ts";
import type { Callable, Reference } from "./reference.ts";
import { streamOut } from "./streamOut.ts";
import type { Manners } from "./talk.ts";
import type { WorkerPort } from "./workerPort.ts";
import { WorkerTalk } from "./workerTalk.ts";
import { WorkerWatch } from "./workerWatch.ts";

const loop = getRunningLoop();

/** @internal */
export class WorkerLoop {
  readonly #port: WorkerPort;
  readonly #outbox: EndingOutbox;
  /** By their numbers: where they are, and, once they were called, themselves. */
  readonly #references: Reference[] = [];
  readonly #functions: (Callable | undefined)[] = [];
  readonly #waiting: CallMessage[] = [];
  readonly #dropped = new Map<number, CancelledError>();
  /** Also while the initializer runs. */
  #working = false;
  /** The call that runs; without a task while its module is loaded. */
  #current: { readonly call: CallMessage; task: Task<unknown> | null } | null = null;
  /** What the running call says and hears, if it is one of those. */
  #talk: { readonly id: number; readonly talk: WorkerTalk } | null = null;
  #watch: WorkerWatch | null = null;
  readonly #modules = new LoadedModules();

  constructor(port: WorkerPort) {
    this.#port = port;
    this.#outbox = new EndingOutbox(port);
  }

  /** @param initializing whether an initializer will be sent; calls wait until it has run */
  start(initializing: boolean): void {
    const port = this.#port;
    serveCalls({ noun: port.medium.noun, name: port.name, running: () => this.#served() });
    sayHomeBy((name, value) => port.send({ word: name, value }, []));
    this.#working = initializing;
    port.listen((message) => this.#hear(message));
    if (!initializing) port.send({ ready: true }, []);
  }

  #hear(message: ToWorker): void {
    if ("stop" in message) this.#stop(message.stop, message.message, message.reason);
    else if ("initialize" in message) void this.#initialize(message.initialize, message.args);
    else if ("define" in message) this.#references[message.define] = message.reference;
    else if ("tell" in message) {
      if (this.#talk?.id === message.tell) this.#talk.talk.heard(message.what);
    } else if ("watch" in message) {
      this.#watch = new WorkerWatch(message.watch, (use) => this.#port.send({ use }, []));
    } else if ("modules" in message) {
      this.#modules.replace(message.modules);
    } else if ("tree" in message) {
      this.#show(message.tree, message.look);
    } else {
      takeCalls(message.calls, this.#waiting);
      if (!this.#working) void this.#work();
    }
  }

  #show(tree: number, wish: TreeWish | null): void {
    if (wish === null) return this.#port.send({ tree, text: formatTreeOf(rootScope) }, []);
    this.#port.show(tree, formatTreeOf(rootScope, PLAIN, wish.within), wish);
  }

  #served(): ServedCall | null {
    if (this.#current === null) return null;
    const { call, task } = this.#current;
    return { name: this.#nameOf(call), caller: call.caller, task };
  }

  #nameOf(call: CallMessage): string {
    return (this.#references[call.fn] as Reference).name;
  }

  async #initialize(reference: Reference, args: readonly unknown[]): Promise<void> {
    try {
      const initializer = await exported(reference);
      await createTask(() => initializer(...(args as never[])), { name: "initializer" });
    } catch (error) {
      this.#port.send({ broken: packThrown(error) }, []);
      return;
    }
    this.#port.send({ ready: true }, []);
    void this.#work();
  }

  #stop(id: number, message: string, reason: unknown): void {
    const error = new CancelledError(message, { reason });
    const current = this.#current;
    if (current?.call.id !== id) {
      if (this.#waiting.some((call) => call.id === id)) this.#dropped.set(id, error);
    } else if (current.task === null) this.#dropped.set(id, error);
    else current.task.cancelWith(error);
  }

  async #work(): Promise<void> {
    this.#working = true;
    this.#watch?.work();
    const waiting = this.#waiting;
    for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) {
      if (this.#modules.loading !== null) {
        waiting.unshift(call);
        this.#outbox.flush();
        await this.#modules.loading;
        call = waiting.shift() as CallMessage;
      }
      if (this.#port.stopWanted()) {
        // It may be about a call that waits here, or about this one. Who does not stop ends this worker: what is known is told.
        this.#outbox.flush();
        waiting.unshift(call);
        const reading = this.#port.readMessages();
        if (reading !== undefined) await reading;
        call = waiting.shift() as CallMessage;
      }
      const performing = this.#perform(call);
      if (performing !== undefined) await performing;
    }
    this.#working = false;
    this.#outbox.flush();
    this.#watch?.rest();
  }

  /** Without a promise where the call ends without one: what comes behind it goes on at once. */
  #perform(call: CallMessage): Promise<void> | undefined {
    const { id } = call;
    const began = loop.time();
    this.#port.begin(id);
    this.#current = { call, task: null };
    const fn = this.#functions[call.fn];
    if (fn === undefined || this.#dropped.size > 0) return this.#performLater(call, began);
    if (typeof call.how === "object") return this.#performLater(call, began);
    const task = (this.#current.task = this.#start(fn, call));
    if (!task.done()) return this.#endLater(task, id, began);
    this.#end(task, id, began);
    return undefined;
  }

  async #performLater(call: CallMessage, began: number): Promise<void> {
    const { id } = call;
    try {
      this.#refuseDropped(id);
      const fn = this.#functions[call.fn] ?? (await this.#load(call.fn));
      // The word of a cancel that came while the module was loaded may not be read yet.
      if (this.#port.stopWanted()) await this.#port.readMessages();
      this.#refuseDropped(id);
      const talking = typeof call.how === "object" ? this.#talkAbout(call, call.how) : null;
      const task = this.#start(fn, call);
      this.#current = { call, task };
      try {
        await wait([task]);
        talking?.close();
      } finally {
        this.#talk = null;
      }
      this.#end(task, id, began);
    } catch (error) {
      this.#over({ id, took: loop.time() - began, thrown: packThrown(error) });
    }
  }

  #talkAbout(call: CallMessage, manners: Manners): WorkerTalk {
    const talk = new WorkerTalk(call.id, this.#port, manners);
    talk.attach(call.args, manners.callbacks);
    this.#talk = { id: call.id, talk };
    return talk;
  }

  async #endLater(task: Task<unknown>, id: number, began: number): Promise<void> {
    await wait([task]);
    this.#end(task, id, began);
  }

  #end(task: Task<unknown>, id: number, began: number): void {
    const took = loop.time() - began;
    try {
      this.#over({ id, took, value: task.result() });
    } catch (error) {
      this.#over({ id, took, thrown: packThrown(error) });
    }
  }

  #over(ending: Ending): void {
    this.#current = null;
    this.#port.end();
    this.#outbox.add(ending, this.#waiting.length === 0);
  }

  /** Throws when the call was asked to stop before it ran. */
  #refuseDropped(id: number): void {
    const refused = this.#dropped.get(id);
    if (refused === undefined) return;
    this.#dropped.delete(id);
    throw refused;
  }

  #start(fn: Callable, call: CallMessage): Task<unknown> {
    const { args, how, variables } = call;
    const name = this.#nameOf(call);
    const options =
      variables === null
        ? { name, eager: true }
        : { name, eager: true, context: new ArrivedContext(variables) };
    const talk = this.#talk?.talk;
    if (talk !== undefined && typeof how === "object" && how.stream !== null) {
      return createTask(async () => streamOut(await fn(...(args as never[])), name, talk), options);
    }
    const chunk = typeof how === "object" ? how.chunk : how;
    return createTask(() => (chunk ? each(fn, args) : fn(...(args as never[]))), options);
  }

  async #load(fn: number): Promise<Callable> {
    return (this.#functions[fn] = await exported(this.#references[fn] as Reference));
  }
}

/** The calls of a chunk, one after the other. */
async function each(fn: Callable, items: readonly unknown[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const item of items) results.push(await fn(item as never));
  return results;
}
