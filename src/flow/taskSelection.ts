/*
 * A selection in which functions take part.
 *
 * Strategy: they run as tasks of a supervising group and are watched as futures are. When one clause has happened, those
 * that lost are cancelled; the group waits for their ends, whatever happens. What was chosen has happened: a cancel that
 * comes while the losers are ending is left for the caller's next wait.
 */
import type { Clause } from "../core/clause.ts";
import { ambientScope } from "../core/scope.ts";
import type { Task } from "../core/task.ts";
import { taskGroup, type TaskGroup } from "../core/taskGroup.ts";
import { endOfDecided } from "../core/unwinding.ts";
import { futureClause } from "./futureClause.ts";
import { type Chosen, type Named, Selection } from "./selection.ts";

/** What takes the value of a function that lost and came to its end all the same, by name. @internal */
export type GiveBack = Readonly<Record<string, ((value: unknown) => void) | undefined>>;

/** A clause by its name, or a function that has to become one. @internal */
export interface Candidate {
  readonly name: string;
  readonly clause: Clause<unknown> | null;
  readonly body: () => unknown;
}

/** @internal */
export class TaskSelection {
  readonly #all: readonly Candidate[];
  readonly #giveBack: GiveBack;
  readonly #tasks = new Map<string, Task<unknown>>();
  #chosen: Chosen | null = null;

  constructor(all: readonly Candidate[], giveBack: GiveBack) {
    this.#all = all;
    this.#giveBack = giveBack;
  }

  async decide(): Promise<Chosen> {
    let failure: unknown;
    const choosing = taskGroup((group) => this.#choose(group), { supervisor: true });
    try {
      await endOfDecided(choosing, () => this.#chosen !== null, ambientScope());
    } catch (error) {
      throw (failure = error);
    } finally {
      this.#settleLosers(failure);
    }
    return this.#chosen as Chosen;
  }

  async #choose(group: TaskGroup): Promise<void> {
    const named = this.#all.map(({ name, clause, body }): Named => {
      if (clause !== null) return { name, clause };
      const task = group.spawn(body, { name, shows: body });
      this.#tasks.set(name, task);
      return { name, clause: futureClause(task) };
    });
    this.#chosen = await new Selection().choose(named);
    for (const task of this.#tasks.values()) task.cancel("another clause was selected");
  }

  #settleLosers(failure: unknown): void {
    for (const [name, task] of this.#tasks) {
      const won =
        name === this.#chosen?.name || (task.state === "rejected" && task.outcome === failure);
      if (!won) settleLoser(task, this.#giveBack[name]);
    }
  }
}

/** A function that lost and came to its end all the same: gives its value back, or reports its failure. */
function settleLoser(task: Task<unknown>, giveBack: ((value: unknown) => void) | undefined): void {
  if (task.state === "fulfilled" && giveBack !== undefined) {
    task.runner.loop.guard(() => giveBack(task.result()));
  }
  if (task.state !== "rejected") return;
  task.runner.loop.callExceptionHandler({
    message: "a clause of a select that had lost failed when it was cancelled",
    exception: task.exception(),
    task,
  });
}
