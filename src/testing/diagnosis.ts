/*
 * The diagnosis of a deadlock: who waits for what, held or fed by whom, in sentences.
 *
 * Strategy: a graph whose nodes are the tasks and whose edges lead from each to those who could end its waits (`want.ts`).
 * A circle in it is a sentence of its own. What is not in a circle hangs on a chain that ends where nobody can help any
 * more: such a chain is told from its beginning, the task that nobody else waits for.
 *   A waits for a Lock held by B, which waits for a Queue fed by A.
 *   main awaits reader, which waits for a Queue that nobody has ever put into.
 * Limits: who has not fed before is not known to be a feeder, and futures do not tell who will set them.
 */
import type { Task } from "../core/task.ts";
import { ObjectNames } from "./objectNames.ts";
import { type Want, wantsOf } from "./want.ts";

/** More sentences than this help nobody. */
const MOST = 12;

type Node = Task<unknown>;

/** The sentences for the tasks of a program that is stuck. @internal */
export function diagnose(tasks: readonly Node[]): string[] {
  return new Diagnosis(tasks).sentences();
}

class Diagnosis {
  readonly #tasks: readonly Node[];
  readonly #wants: ReadonlyMap<Node, readonly Want[]>;
  readonly #names: ObjectNames;
  readonly #told = new Set<Node>();

  constructor(tasks: readonly Node[]) {
    this.#tasks = tasks;
    this.#wants = new Map(tasks.map((task) => [task, wantsOf(task)]));
    this.#names = new ObjectNames([...this.#wants.values()].flat().map(({ target }) => target));
  }

  sentences(): string[] {
    const sentences = circlesIn(this.#tasks, (task) => this.#providers(task)).map((circle) =>
      this.#tellCircle(circle),
    );
    for (const task of this.#byNeed()) {
      if (this.#told.has(task)) continue;
      const chain = this.#chainFrom(task);
      // That a task awaits one whose trouble is told already is for the tree to say.
      if (chain.length === 1 && this.#leadsToTold(task)) continue;
      sentences.push(this.#tell(chain, null));
    }
    if (sentences.length <= MOST) return sentences;
    return [...sentences.slice(0, MOST), `(and ${sentences.length - MOST} more)`];
  }

  /** Those that nobody waits for come first: a chain is told from its beginning. */
  #byNeed(): Node[] {
    const wants = [...this.#wants.values()].flat().filter(({ isGroup }) => !isGroup);
    const needed = new Set(wants.flatMap(({ providers }) => providers));
    // That a parent waits for its children explains nothing, unless somebody waits for the parent.
    const beginnings = this.#tasks.filter((task) => {
      const own = this.#wants.get(task) ?? [];
      return own.length === 0 || own.some(({ isGroup }) => !isGroup);
    });
    return [
      ...beginnings.filter((task) => !needed.has(task)),
      ...beginnings.filter((task) => needed.has(task)),
    ];
  }

  /** The living tasks that could help a task. */
  #providers(task: Node): Node[] {
    const wants = this.#wants.get(task) ?? [];
    return wants.flatMap(({ providers }) => providers.filter((other) => this.#wants.has(other)));
  }

  #leadsToTold(task: Node): boolean {
    const providers = this.#providers(task);
    return providers.length > 0 && providers.every((other) => this.#told.has(other));
  }

  #chainFrom(task: Node): Node[] {
    const chain: Node[] = [];
    for (let at: Node | undefined = task; at !== undefined;) {
      chain.push(at);
      at = this.#providers(at).find((other) => !this.#told.has(other) && !chain.includes(other));
    }
    return chain;
  }

  #tellCircle(circle: readonly Node[]): string {
    return this.#tell(circle, circle[0] as Node);
  }

  /** `A waits for a Lock held by B, which waits for …`; `last` is whom the last one waits for, if that matters. */
  #tell(chain: readonly Node[], last: Node | null): string {
    let sentence = (chain[0] as Node).name;
    for (const [index, task] of chain.entries()) {
      this.#told.add(task);
      const next = chain[index + 1];
      const wants = this.#towards(task, next ?? last);
      sentence += ` ${this.#words(wants, task)}`;
      if (next !== undefined) sentence += `, ${linkTo(next, wants[0] as Want)}`;
    }
    return `${sentence}.`;
  }

  /** The want that the next one could end; without a next one, all there are. */
  #towards(task: Node, next: Node | null): readonly Want[] {
    const wants = this.#wants.get(task) ?? [];
    const leading = wants.find(({ providers }) => next !== null && providers.includes(next));
    return leading === undefined ? wants : [leading];
  }

  #words(wants: readonly Want[], task: Node): string {
    if (wants.length === 0) return "waits for something that is not Ambit's";
    return wants.map((want) => want.words(this.#names, task)).join(" and ");
  }
}

/** `which`, or which of them. */
function linkTo(next: Node, want: Want): string {
  return want.providers.length > 1 ? `of which ${next.name}` : "which";
}

/** Circles of tasks that share none, each beginning with its oldest task. */
function circlesIn(tasks: readonly Node[], edges: (task: Node) => readonly Node[]): Node[][] {
  const done = new Set<Node>();
  const circles: Node[][] = [];
  const visit = (task: Node, path: Node[]): void => {
    const at = path.indexOf(task);
    if (at !== -1) return void circles.push(path.slice(at));
    if (done.has(task)) return;
    path.push(task);
    for (const next of edges(task)) visit(next, path);
    void path.pop();
    done.add(task);
  };
  for (const task of tasks) visit(task, []);
  const taken = new Set<Node>();
  return circles
    .filter((circle) => {
      if (circle.some((task) => taken.has(task))) return false;
      for (const task of circle) taken.add(task);
      return true;
    })
    .map((circle) => fromOldest(circle, tasks));
}

function fromOldest(circle: readonly Node[], tasks: readonly Node[]): Node[] {
  const oldest = tasks.find((task) => circle.includes(task)) as Node;
  const at = circle.indexOf(oldest);
  return [...circle.slice(at), ...circle.slice(0, at)];
}
