/*
 * The production loop's wake policy (`direct`) on the virtual clock: a completed wait resumes its task at once, and all
 * `sleep(0)` of a turn end together, as in `src/core/uvLoop.ts`; only time is virtual.
 *
 * Strategy: the virtual loop's own queue holds nothing but turns (due timers, the end of a turn). It looks for the next
 * one when the microtask queue is empty, which is when V8, the ready queue of `direct`, has nothing left to run.
 */
import type { Entry, Passing, Resumable } from "../../src/core/loop.ts";
import type * as VirtualLoopModule from "../../src/testing/virtualLoop.ts";

type VirtualLoop = InstanceType<typeof VirtualLoopModule.VirtualLoop>;

const SETTLED: Promise<void> = Promise.resolve();

const classes = new WeakMap<object, new (mostSteps: number) => VirtualLoop>();

/** A loop of this kind for a kernel; each kernel has a VirtualLoop class of its own. */
export function directLoop(
  kernel: { readonly virtual: typeof VirtualLoopModule },
  mostSteps: number,
): VirtualLoop {
  let DirectLoop = classes.get(kernel.virtual);
  if (DirectLoop === undefined) {
    DirectLoop = defineDirectLoop(kernel.virtual.VirtualLoop);
    classes.set(kernel.virtual, DirectLoop);
  }
  return new DirectLoop(mostSteps);
}

function defineDirectLoop(
  Base: typeof VirtualLoopModule.VirtualLoop,
): new (mostSteps: number) => VirtualLoop {
  return class DirectLoop extends Base {
    #passing: Passing[] = [];

    override wake(entry: Entry): void {
      entry.run();
    }

    override resume<T>(wait: Resumable<T>, outcome: T, failed: boolean): void {
      wait.conclude(outcome, failed);
    }

    override enqueue(entry: Entry): void {
      void SETTLED.then(() => entry.run());
    }

    override begin<A>(run: (argument: A) => void, argument: A): void {
      void SETTLED.then(() => run(argument));
    }

    override pass(wait: Passing): void {
      if (this.#passing.push(wait) === 1) super.wake({ run: () => this.#release() });
    }

    #release(): void {
      const waits = this.#passing;
      this.#passing = [];
      for (const wait of waits) wait.finish(undefined);
    }
  };
}
