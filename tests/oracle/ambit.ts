/*
 * Ambit's side: runs programs in virtual time, on the kernel that it is given.
 *
 * Strategy: the same root as harness.py has: starts the main function, awaits it, cancels what is left, awaits that. The
 * kernel is an argument, so that deliberately wrong ones can be judged too.
 */
import type * as AmbitApi from "../../src/index.ts";
import type * as VirtualLoopModule from "../../src/testing/virtualLoop.ts";
import { toJavascript } from "./compile.ts";
import type { Result } from "./cpython.ts";
import { directLoop } from "./directLoop.ts";
import { Helpers } from "./helpers.ts";
import type { Program } from "./program.ts";

/** What a program is run on. */
export interface Kernel {
  readonly api: typeof AmbitApi;
  readonly virtual: typeof VirtualLoopModule;
}

export type Policy = "stepped" | "direct";

type MakeMain = (api: unknown, ...helpers: unknown[]) => (me: string) => Promise<unknown>;

const LONGEST_LOG = 2000;
/** At one instant. */
export const MOST_STEPS = 20_000;
/** So often is a stuck program cancelled before it is left behind. */
const ATTEMPTS = 20;

/** Runs the program to its end, or to where it cannot go on. */
export function runAmbit(kernel: Kernel, program: Program, policy: Policy): Promise<Result> {
  return new AmbitRun(kernel, policy).execute(program);
}

interface AnyTask extends PromiseLike<unknown> {
  done(): boolean;
  cancelled(): boolean;
  cancel(reason?: unknown): boolean;
}

class AmbitRun {
  readonly #kernel: Kernel;
  readonly #loop: InstanceType<typeof VirtualLoopModule.VirtualLoop>;
  readonly #helpers: Helpers;
  readonly #log: string[] = [];
  readonly #tasks: AnyTask[] = [];
  #main: AnyTask | null = null;
  #open = true;
  #end: Result["end"] = "done";
  #time = 0;
  #stuckTimes = 0;
  #begun = false;
  #giveUp!: () => void;

  constructor(kernel: Kernel, policy: Policy) {
    this.#kernel = kernel;
    this.#loop =
      policy === "stepped"
        ? new kernel.virtual.VirtualLoop(MOST_STEPS)
        : directLoop(kernel, MOST_STEPS);
    this.#helpers = new Helpers(kernel.api);
  }

  async execute(program: Program): Promise<Result> {
    const loop = this.#loop;
    const left = new Promise<void>((resolve) => (this.#giveUp = resolve));
    loop.setExceptionHandler((context) => {
      if (/^(a )?callback.* threw$/.test(context.message))
        this.#note("callback", 0, context.exception);
    });
    loop.start({
      awaitsOutside: () => !this.#begun,
      stuck: () => this.#stuck(),
      timeIsUp: () => {},
      livelocked: () => this.#abandon(),
      unpickable: () => {},
    });
    const run = this.#kernel.api.run(() => this.#root(program), { loop, handleSignals: false });
    await Promise.race([run.catch(() => {}), left]);
    loop.stop();
    return { log: this.#log, notes: [], end: this.#end, time: this.#time };
  }

  #note(me: string, place: number | string, value: unknown): void {
    if (!this.#open) return;
    if (this.#log.length >= LONGEST_LOG) return this.#abandon();
    this.#log.push(`${me}|${this.#loop.time()}|${place}|${this.#helpers.words(value ?? null)}`);
  }

  #stop(end: Result["end"]): void {
    if (!this.#open) return;
    this.#open = false;
    this.#end = end;
    this.#time = this.#loop.time();
  }

  /** Nothing can go on: what comes after this moment is only to clean up. */
  #stuck(): void {
    this.#stop("Deadlock");
    if (++this.#stuckTimes > ATTEMPTS) return this.#abandon();
    for (const task of [this.#main, ...this.#tasks]) task?.cancel();
  }

  /** It does not end: it is left behind where it is. */
  #abandon(): void {
    this.#stop("TooLong");
    this.#loop.halt();
    this.#giveUp();
  }

  async #root(program: Program): Promise<void> {
    const { api } = this.#kernel;
    this.#begun = true;
    const main = this.#compile(program);
    const task = api.createTask(() => main("m"));
    this.#main = task;
    await this.#outcome("m", task);
    const asked = this.#tasks.filter((each) => !each.done());
    for (const each of asked) each.cancel("end");
    for (let place = 0; place < this.#tasks.length; place++) {
      const each = this.#tasks[place] as AnyTask;
      if (!each.done() && !asked.includes(each)) each.cancel("end");
      await this.#outcome(`t${place}`, each);
    }
    this.#stop("done");
  }

  async #outcome(name: string, task: AnyTask): Promise<void> {
    let value: unknown;
    try {
      value = await task;
    } catch (error) {
      value = error;
    }
    this.#note(name, "outcome", [task.cancelled(), value]);
  }

  #compile(program: Program): (me: string) => Promise<unknown> {
    const { api } = this.#kernel;
    const helpers = this.#helpers;
    const given: Record<string, unknown> = {
      A: api,
      log: (me: string, place: number | string, value: unknown) => this.#note(me, place, value),
      reg: (task: AnyTask) => {
        if (task !== undefined) this.#tasks.push(task);
        return task;
      },
      run: {
        main: { cancel: (reason?: unknown) => (this.#main as AnyTask).cancel(reason) },
      },
      ...helpers.given,
    };
    // oxlint-disable-next-line typescript/no-implied-eval -- the point: the engine compiles what users would write
    const make = new Function(...Object.keys(given), toJavascript(program)) as MakeMain;
    return make(...(Object.values(given) as [unknown, ...unknown[]]));
  }
}
