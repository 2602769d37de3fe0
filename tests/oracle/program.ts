/*
 * The neutral description of a concurrent program: what the generator makes, both compilers read and the shrinker cuts.
 *
 * Plain JSON: a program is some functions, each a list of statements; function 0 is the main one. A statement names its
 * operation (`ops/`), the operation's arguments, the things that it waits for and the blocks in it. Its number is its
 * label in the logs, so it keeps it when others around it are cut away.
 */

/** Something that a statement waits for: a call of a function, the task in a slot, a future. */
export interface Item {
  readonly kind: "call" | "task" | "future";
  /** The function's number, the slot's, the future's. */
  readonly index: number;
}

/** What an argument of a statement may be; null is "none". */
export type Argument = number | string | boolean | null;

/** One statement. */
export interface Statement {
  readonly op: string;
  /** The label of what it logs; unique in the program. */
  readonly place: number;
  readonly args?: Readonly<Record<string, Argument>>;
  readonly items?: readonly Item[];
  readonly blocks?: Readonly<Record<string, readonly Statement[]>>;
  /** Errors (not cancellations) of the statement are logged and end there. */
  readonly attempted?: boolean;
}

/** A function of the program, and what it returns. */
export interface ProgramFunction {
  readonly body: readonly Statement[];
  readonly value: number;
}

/** How many of what there is, and with which numbers. */
export interface Objects {
  /** For each slot that a task may be put in, the function that such a task runs. */
  readonly slots: readonly number[];
  readonly futures: number;
  readonly groups: number;
  readonly locks: number;
  readonly events: number;
  readonly conditions: number;
  /** The permits of each semaphore. */
  readonly semaphores: readonly number[];
  /** The permits of each bounded semaphore. */
  readonly boundedSemaphores: readonly number[];
  /** The parties of each barrier. */
  readonly barriers: readonly number[];
  readonly queues: readonly { readonly kind: QueueKind; readonly maxsize: number }[];
  readonly counters: number;
  readonly variables: number;
}

export type QueueKind = "Queue" | "LifoQueue" | "PriorityQueue";

export interface Program {
  readonly objects: Objects;
  readonly functions: readonly ProgramFunction[];
}

/** All statements of a block, nested ones included. */
export function* statementsOf(block: readonly Statement[]): Generator<Statement> {
  for (const statement of block) {
    yield statement;
    for (const inner of Object.values(statement.blocks ?? {})) yield* statementsOf(inner);
  }
}

/** How many statements the program has. */
export function sizeOf(program: Program): number {
  let size = 0;
  for (const { body } of program.functions) for (const _ of statementsOf(body)) size++;
  return size;
}
