/*
 * The desk where a running call's calls back are answered, on the side of whoever submitted it.
 */
import type { TransferListItem } from "node:worker_threads";
import { cancelled } from "../core/cancellation.ts";
import { makeTask } from "../core/createTask.ts";
import type { Scope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { wait } from "../core/wait.ts";
import { packThrown } from "./parcel.ts";
import type { FromCall, Say } from "./talk.ts";
import { collectTransfers } from "./transfer.ts";

type Callable = (...args: never[]) => unknown;

/** @internal */
export class CallbackDesk {
  readonly #functions: readonly Callable[];
  readonly #scope: Scope;
  readonly #tasks = new Map<number, Task<unknown>>();
  #say: Say = () => {};

  constructor(functions: readonly Callable[], scope: Scope) {
    this.#functions = functions;
    this.#scope = scope;
  }

  lend(say: Say): void {
    this.#say = say;
  }

  heard(what: FromCall): void {
    if ("ask" in what) this.#answer(what.ask, this.#functions[what.of] as Callable, what.args);
    else if ("drop" in what) this.#tasks.get(what.drop)?.cancel("who awaited it was cancelled");
    else if ("tell" in what) this.#tell(this.#functions[what.tell] as Callable, what.args);
  }

  #answer(number: number, fn: Callable, args: readonly unknown[]): void {
    const task = makeTask(
      this.#scope.runner,
      () => fn(...(args as never[])),
      { name: `callback ${fn.name}`.trim() },
      this.#scope,
    );
    this.#tasks.set(number, task);
    task.addDoneCallback(() => {
      this.#tasks.delete(number);
      this.#reply(number, task);
    });
  }

  #reply(reply: number, task: Task<unknown>): void {
    try {
      const value = task.result();
      const moved: TransferListItem[] = [];
      collectTransfers([value], moved);
      this.#say({ reply, value }, moved);
    } catch (error) {
      this.#say({ reply, thrown: packThrown(error) });
    }
  }

  #tell(fn: Callable, args: readonly unknown[]): void {
    try {
      fn(...(args as never[]));
    } catch (exception) {
      const message = "a progress callback threw";
      this.#scope.loop.callExceptionHandler({ message, exception });
    }
  }

  /** The call has ended: cancels what runs, and ends when that has. */
  async close(): Promise<void> {
    this.#say = () => {};
    const tasks = [...this.#tasks.values()];
    const error = cancelled("the call that it was called for has ended");
    // One that is cancelled already is in its clean-up, which another cancel would interrupt.
    for (const task of tasks) if (task.cancelling() === 0) task.cancelWith(error);
    if (tasks.length > 0) await wait(tasks);
  }
}
