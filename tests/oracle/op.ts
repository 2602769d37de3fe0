/*
 * Operations: what a statement can do. Each says how it is drawn at random and how it is written in both languages, side
 * by side, so that the two can be compared by eye.
 *
 * A spelling gives lines of code. By convention they leave what is to be logged in `v`; the compiler adds the logging,
 * the guard for a slot that may be empty, and the `try` of an attempted statement.
 */
import type { Random } from "./random.ts";
import type { Argument, Item, Objects, Statement } from "./program.ts";

/** The parts of the API, for the generator: a program is made of some of them. */
export type Area =
  | "flow"
  | "tasks"
  | "futures"
  | "joining"
  | "time"
  | "groups"
  | "locks"
  | "conditions"
  | "semaphores"
  | "barriers"
  | "queues"
  | "callbacks"
  | "context";

/** Where a statement is being drawn, and the means to draw what it contains. */
export interface Draw {
  readonly random: Random;
  readonly objects: Objects;
  /** The number of the function it stands in: it may call and await functions of higher numbers only. */
  readonly within: number;
  readonly insideTimeout: boolean;
  readonly functionCount: number;
  /** A block; `sync` blocks are for callbacks and await nothing. */
  block(how?: {
    readonly sync?: boolean;
    readonly timeout?: boolean;
    readonly most?: number;
  }): Statement[];
  /** A function to call, or null when there is none. */
  callee(): number | null;
  /** A slot whose task may be awaited here, or null. */
  awaitable(): number | null;
  /** Things to wait for. */
  items(kinds: readonly Item["kind"][], most: number): Item[];
  milliseconds(): number;
}

/** What is drawn of a statement. */
export interface Drawn {
  readonly args?: Record<string, Argument>;
  readonly items?: Item[];
  readonly blocks?: Record<string, Statement[]>;
  readonly attempted?: boolean;
}

/** What a spelling may use. */
export interface Spell {
  readonly place: number;
  /** The argument, as a literal of the language. */
  arg(name: string): string;
  raw(name: string): Argument;
  /** The items, separated by commas, as things to await. */
  items(): string;
  /** The lines of a block, indented once. */
  block(name: string): string[];
  /** The function that a task in the slot runs, called with a label of its own. */
  call(fn: number): string;
  /** The function of the task in the slot. */
  functionOf(slot: Argument): number;
}

export interface Op {
  readonly name: string;
  readonly area: Area;
  /** How often it is drawn, next to the others of its area; 1 when left out. */
  readonly weight?: number;
  /** May stand in a callback. */
  readonly sync?: boolean;
  /** The statement logs by itself, or nothing. */
  readonly silent?: boolean;
  /** The object that may not be there yet: the slot of a task or of a group. */
  readonly guard?: { readonly array: "T" | "G"; readonly arg: string };
  /** Null when the program has nothing that it could be done to. */
  draw(draw: Draw): Drawn | null;
  python(spell: Spell): string[];
  javascript(spell: Spell): string[];
}

/** `{ args: { name: an index below count } }`, or null when there is none. */
export function pick(
  draw: Draw,
  name: string,
  count: number,
): { args: Record<string, Argument> } | null {
  return count === 0 ? null : { args: { [name]: draw.random.below(count) } };
}
