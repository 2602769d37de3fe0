/*
 * The words for a wait in a task tree: what is waited for, who holds it, what limits the wait, where in the user's code
 * it is (in debug mode).
 */
import { inspect } from "node:util";
import { futureName } from "./awaitedBy.ts";
import { Future } from "./future.ts";
import type { Ink } from "./ink.ts";
import { nameOf } from "./naming.ts";
import { framesOf } from "./places.ts";
import type { Scope } from "./scope.ts";
import type { Suspension } from "./suspension.ts";
import {
  AWAITED,
  type Awaiting,
  HOLDERS,
  isAwaiting,
  isHeld,
  isLimiting,
  LIMIT,
} from "./targets.ts";
import { Task } from "./task.ts";

/** So many of the futures that are awaited together are named. */
const NAMED = 5;

/** The words for the waits of one picture. Thousands may wait for one object: its words are made once. @internal */
export class WaitWords {
  readonly #targets = new Map<unknown, string>();
  readonly #ink: Ink;

  constructor(ink: Ink) {
    this.#ink = ink;
  }

  /** `Lock.acquire(Lock 'accounts') held by A, deadline in 99 ms, at src/app.ts:12`. */
  of(wait: Suspension): string {
    const limits = wait.ring === null ? [] : limitsAround(wait.ring as Scope);
    const [place] = framesOf(wait);
    const where = place === undefined ? [] : [this.#ink.place(`at ${place.place}`)];
    return [`${wait.label}${this.#targetWords(wait)}`, ...limits, ...where].join(", ");
  }

  #targetWords({ label, target }: Suspension): string {
    // The group is a line of its own.
    if (label === "taskGroup") return "";
    const known = this.#targets.get(target);
    if (known !== undefined) return known;
    const words = `${targetWords(target)}${holderWords(target)}`;
    this.#targets.set(target, words);
    return words;
  }
}

function targetWords(target: unknown): string {
  if (target === undefined) return "";
  if (isAwaiting(target)) return awaitingWords(target);
  return `(${objectWords(target)})`;
}

/** `await(gather(a, b))`, `wait(a, b)`. */
function awaitingWords(target: Awaiting): string {
  const futures = target[AWAITED]();
  const names = futures.slice(0, NAMED).map(futureName);
  if (futures.length > NAMED) names.push(`and ${futures.length - NAMED} more`);
  const all = `(${names.join(", ")})`;
  return target instanceof Future ? `(${target.describe()}${all})` : all;
}

function objectWords(target: unknown): string {
  if (target instanceof Task) return target.name;
  const name = typeof target === "object" && target !== null ? nameOf(target) : undefined;
  if (name !== undefined) return `${(target as object).constructor.name} '${name}'`;
  return inspect(target, { depth: 0, breakLength: Infinity });
}

function holderWords(target: unknown): string {
  if (!isHeld(target)) return "";
  const holders = target[HOLDERS]();
  return holders.length === 0 ? "" : ` held by ${holders.map(holderName).join(", ")}`;
}

function holderName(holder: object | null): string {
  if (holder === null) return "code outside any task";
  return holder instanceof Task ? holder.name : inspect(holder, { depth: 0 });
}

/** What limits the code in a scope, innermost first: timeouts and shields up to its task. @internal */
export function limitsAround(scope: Scope): string[] {
  const limits: string[] = [];
  for (let at: Scope | null = scope; at !== null && !isBorder(at); at = at.parent) {
    const words = isLimiting(at.body) ? at.body[LIMIT]() : null;
    if (words !== null) limits.push(words);
  }
  return limits;
}

function isBorder(scope: Scope): boolean {
  return scope.border === "task" || scope.runner === scope;
}
