/*
 * The generator: a random program from a seed.
 *
 * Strategy: each program is made of a few areas of the API only (so that their parts meet), of few objects (so that tasks
 * contend for them) and of few points in time (so that things happen at the same instant, or nearly). Functions are a
 * chain: one calls, starts and awaits functions of higher numbers only, so that no program awaits itself in a circle or
 * grows without end.
 */
import type { Area, Draw, Drawn, Op } from "./op.ts";
import { OPS } from "./ops/index.ts";
import type { Item, Objects, Program, QueueKind, Statement } from "./program.ts";
import { Random } from "./random.ts";

const ALWAYS: readonly Area[] = ["flow", "tasks", "time"];
const SOMETIMES: readonly Area[] = [
  "futures",
  "joining",
  "groups",
  "locks",
  "conditions",
  "semaphores",
  "barriers",
  "queues",
  "callbacks",
  "context",
];
/** Next to these a drawn area is this much likelier. */
const FAVOUR = 2.5;
const DEEPEST = 3;
const MOST_STATEMENTS = 40;

/** Operations that make sense in a block of another one, mostly. */
const HOMES: Readonly<Record<string, string>> = {
  "condition.wait": "condition",
  "condition.waitFor": "condition",
  "condition.notify": "condition",
  "condition.notifyAll": "condition",
  "group.spawn": "taskGroup",
};

class Generator implements Draw {
  readonly random: Random;
  readonly objects: Objects;
  readonly functionCount: number;
  within = 0;
  readonly #ops: readonly Op[];
  readonly #areas: ReadonlySet<Area>;
  /** Things happen at different times: an outcome that does not rest on order is then likely. */
  readonly #calm: boolean;
  readonly #times: readonly number[];
  /** The operations whose blocks are being drawn. */
  readonly #around: string[] = [];
  #places = 0;

  constructor(seed: number) {
    const random = new Random(seed);
    this.random = random;
    this.#areas = new Set([...ALWAYS, ...random.some(SOMETIMES, random.between(1, 4))]);
    this.#ops = [...OPS.values()].filter((op) => this.#areas.has(op.area));
    this.#calm = random.chance(0.3);
    this.#times = random.chance(0.5) ? [1, 2, 3] : [1, 2, 3, 4, 5, 7, 10, 11];
    this.functionCount = random.between(2, 5);
    this.objects = this.#drawObjects();
  }

  #drawObjects(): Objects {
    const { random } = this;
    const count = (area: Area, most: number): number =>
      this.#areas.has(area) ? random.between(1, most) : 0;
    const each = <T>(length: number, make: () => T): T[] => Array.from({ length }, make);
    const joins = this.#areas.has("joining") || this.#areas.has("callbacks");
    return {
      slots: each(random.between(2, 5), () => random.between(1, this.functionCount - 1)),
      futures: this.#areas.has("futures") || joins ? random.between(1, 2) : 0,
      groups: count("groups", 2),
      locks: count("locks", 2),
      events: count("locks", 2),
      conditions: count("conditions", 1),
      semaphores: each(count("semaphores", 1), () => random.between(0, 2)),
      boundedSemaphores: each(count("semaphores", 1), () => random.between(1, 2)),
      barriers: each(count("barriers", 1), () => random.between(1, 3)),
      queues: each(count("queues", 2), () => ({
        kind: random.of<QueueKind>(["Queue", "Queue", "LifoQueue", "PriorityQueue"]),
        maxsize: random.between(0, 2),
      })),
      counters: 2,
      variables: count("context", 2),
    };
  }

  get insideTimeout(): boolean {
    return this.#around.includes("timeout");
  }

  program(): Program {
    const functions = Array.from({ length: this.functionCount }, (_, fn) => {
      this.within = fn;
      const body = fn === 0 ? this.#main() : this.block({ most: 5 });
      return { body, value: 1000 + fn };
    });
    return { objects: this.objects, functions };
  }

  /** The main function starts some tasks before it does anything else. */
  #main(): Statement[] {
    const body: Statement[] = [];
    const eager = this.random.chance(0.1);
    for (const slot of this.objects.slots.keys()) {
      if (!this.random.chance(0.75)) continue;
      const op = OPS.get(eager ? "createTask.eager" : "createTask") as Op;
      body.push(this.#statement(op, { ...op.draw(this), args: { slot } }));
      if (this.random.chance(0.2)) body.push(...this.block({ most: 1 }));
    }
    return [...body, ...this.block({ most: 6 })];
  }

  block(
    how: { readonly sync?: boolean; readonly timeout?: boolean; readonly most?: number } = {},
  ): Statement[] {
    const { sync = false, most = 3 } = how;
    const length = this.random.between(sync ? 0 : 1, most);
    const block: Statement[] = [];
    while (block.length < length) block.push(this.#anyStatement(sync));
    return block;
  }

  #anyStatement(sync: boolean): Statement {
    const small = this.#around.length >= DEEPEST || this.#places > MOST_STATEMENTS;
    for (let attempt = 0; attempt < 30; attempt++) {
      const op = this.random.weighted(this.#ops, (each) => this.#weightOf(each));
      if (sync && op.sync !== true) continue;
      if (small && CONTAINERS.has(op.name)) continue;
      this.#around.push(op.name);
      const drawn = op.draw(this);
      this.#around.pop();
      if (drawn !== null) return this.#statement(op, drawn);
    }
    return sync
      ? this.#statement(OPS.get("counter.add") as Op, { args: { counter: 0 } })
      : this.#statement(OPS.get("sleep") as Op, { args: { ms: 0 } });
  }

  #weightOf(op: Op): number {
    const own = (op.weight ?? 1) * (ALWAYS.includes(op.area) ? 1 : FAVOUR);
    const home = HOMES[op.name];
    if (home === undefined) return own;
    return own * (this.#around.includes(home) ? 3 : 0.07);
  }

  #statement(op: Op, drawn: Drawn): Statement {
    return { op: op.name, place: ++this.#places, ...drawn };
  }

  callee(): number | null {
    const first = this.within + 1;
    return first < this.functionCount ? this.random.between(first, this.functionCount - 1) : null;
  }

  awaitable(): number | null {
    const slots = [...this.objects.slots.keys()].filter(
      (slot) => (this.objects.slots[slot] as number) > this.within,
    );
    return slots.length === 0 ? null : this.random.of(slots);
  }

  items(kinds: readonly Item["kind"][], most: number): Item[] {
    const items: Item[] = [];
    for (let left = this.random.between(1, most); left > 0; left--) {
      const item = this.#item(this.random.of(kinds));
      if (item !== null) items.push(item);
    }
    return items;
  }

  #item(kind: Item["kind"]): Item | null {
    const { random } = this;
    const futures = this.objects.futures;
    const index =
      kind === "call"
        ? this.callee()
        : kind === "task"
          ? this.awaitable()
          : futures > 0
            ? random.below(futures)
            : null;
    return index === null ? null : { kind, index };
  }

  milliseconds(): number {
    return this.#calm ? this.random.between(1, 997) : this.random.of(this.#times);
  }
}

/** Operations with blocks in them. */
const CONTAINERS: ReadonlySet<string> = new Set([
  "try",
  "if",
  "loop",
  "timeout",
  "taskGroup",
  "lock",
  "condition",
  "semaphore",
  "boundedSemaphore",
  "semaphore.run",
  "variable.reset",
  "asCompleted",
  "createTask.eager",
  "callSoon",
  "callLater",
  "task.addDoneCallback",
  "future.addDoneCallback",
]);

/** The program of a seed; always the same. */
export function generate(seed: number): Program {
  return new Generator(seed).program();
}
