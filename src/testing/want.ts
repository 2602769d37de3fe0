/*
 * What one task wants: a wait of its, those who could end it, and the words for both.
 *
 * Strategy: a primitive that is held tells its holders (`HOLDERS`); for the others a table says, by the label of the wait,
 * what somebody else has to do, and the notes of `core/feeding.ts` who has done that before. A task group's wait is ended
 * by its children, an await by the task awaited, a `gather` by its parts.
 */
import { inspect } from "node:util";
import { type Feed, feedersOf } from "../core/feeding.ts";
import { Future } from "../core/future.ts";
import { INSPECT } from "../core/inspection.ts";
import { nameOf } from "../core/naming.ts";
import { framesOf } from "../core/places.ts";
import type { Scope } from "../core/scope.ts";
import type { Suspension } from "../core/suspension.ts";
import { Task } from "../core/task.ts";
import { AWAITED, type Awaiting, HOLDERS, isAwaiting, isHeld } from "../core/targets.ts";
import { headOf } from "./replay.ts";
import type { ObjectNames } from "./objectNames.ts";

/** @internal */
export interface Want {
  /** The object waited for. */
  readonly target: unknown;
  /** The tasks that could end the wait, whether they still run or not. */
  readonly providers: readonly Task<unknown>[];
  /** Whether it is a wait for several tasks to end, as a task group's for its children. */
  readonly isGroup?: boolean;
  /** `waits for a Lock held by B`. */
  words(names: ObjectNames, task: Task<unknown>): string;
}

/** How to speak of what ends a kind of wait. */
interface Speech {
  readonly feed: Feed;
  /** `a Queue fed by B`. */
  readonly by: string;
  /** `a Queue that nobody has ever put into`. */
  readonly never: string;
  readonly attribute?: string;
}

const SPEECH: Readonly<Record<string, Speech>> = {
  "Queue.get": { feed: "put", by: "fed", never: "put into" },
  "Queue.put": { feed: "take", by: "emptied", never: "taken from", attribute: "full" },
  "Queue.join": { feed: "finish", by: "worked off", never: "called taskDone of" },
  "Event.wait": { feed: "set", by: "set", never: "set" },
  "Condition.wait": { feed: "notify", by: "notified", never: "notified" },
  "Semaphore.acquire": { feed: "release", by: "released", never: "released" },
  "Receiver.receive": { feed: "send", by: "fed", never: "sent to" },
  "Subscription.receive": { feed: "send", by: "fed", never: "sent to" },
  "Watcher.changed": { feed: "set", by: "set", never: "set" },
  "Watch.waitFor": { feed: "set", by: "set", never: "set" },
  "Sender.send": { feed: "receive", by: "emptied", never: "received from", attribute: "full" },
};

/** What the task waits for. @internal */
export function wantsOf(task: Task<unknown>): Want[] {
  return task.scope.pendingWaits().map((wait) => {
    const want = wantOf(wait);
    const [place] = framesOf(wait);
    if (place === undefined) return want;
    // Debug mode knows the line of the user's code.
    return { ...want, words: (names) => `${want.words(names, task)} (at ${place.place})` };
  });
}

function wantOf(wait: Suspension): Want {
  const { target, label } = wait;
  if (target instanceof Task) return awaited(target);
  if (typeof target !== "object" || target === null) return timed(label, target);
  if (isAwaiting(target)) return gathered(target);
  const holders = isHeld(target) ? target[HOLDERS]() : [];
  if (holders.length > 0) return held(target, holders);
  const speech = SPEECH[label];
  if (speech !== undefined) return fed(target, speech, feedersOf(target, speech.feed));
  if (label === "Barrier.wait") return met(target);
  if (target instanceof Future) return unset(target);
  const children = childrenOf(wait);
  if (children.length > 0) return grouped(target, children);
  return { target, providers: [], words: (names) => `waits in ${label}${onWords(target, names)}` };
}

/** An object that knows how to print itself does; of others the kind says enough. */
function onWords(target: object, names: ObjectNames): string {
  if (!(INSPECT in target) || nameOf(target) !== undefined) return ` on ${names.of(target)}`;
  return ` on ${inspect(target, { depth: 0, breakLength: Infinity })}`;
}

function awaited(task: Task<unknown>): Want {
  return { target: task, providers: [task], words: () => `awaits ${task.name}` };
}

/** `gather`, `wait`, `asCompleted`: several at once. */
function gathered(target: Awaiting): Want {
  const futures = target[AWAITED]();
  const names = futures.map((future) => (future instanceof Task ? future.name : "a Future"));
  return {
    target,
    providers: tasksIn(futures),
    isGroup: names.length > 1,
    words: () => `awaits ${list(names)}`,
  };
}

/** A sleep without an end, or a wait on the world outside. */
function timed(label: string, target: unknown): Want {
  const words = target === Infinity ? "sleeps for ever" : `waits in ${label}`;
  return { target, providers: [], words: () => words };
}

function unset(future: Future<unknown>): Want {
  return {
    target: future,
    providers: [],
    words: (names) => `awaits ${names.of(future)} that nobody has set`,
  };
}

function held(target: object, holders: readonly (object | null)[]): Want {
  return {
    target,
    providers: tasksIn(holders),
    words: (names, task) => `waits for ${names.of(target)} ${heldWords(target, holders, task)}`,
  };
}

function heldWords(
  target: object,
  holders: readonly (object | null)[],
  task: Task<unknown>,
): string {
  if (holders.length === 1 && holders[0] === task) return `that it holds itself`;
  return `held by ${list(holders.map((holder) => nameOfParty(holder, task, "without releasing it")))}`;
}

function fed(target: object, speech: Speech, feeders: readonly (object | null)[]): Want {
  const { by, never, attribute } = speech;
  const words = (names: ObjectNames, task: Task<unknown>): string => {
    const object = `waits for ${names.of(target, attribute)}`;
    if (feeders.length === 0) return `${object} that nobody has ever ${never}`;
    if (feeders.length === 1 && feeders[0] === task)
      return `${object} that only itself has ever ${never}`;
    return `${object} ${by} by ${list(feeders.map((feeder) => nameOfParty(feeder, task, "")))}`;
  };
  return { target, providers: tasksIn(feeders), words };
}

/** A barrier: who has come to it before may come again. */
function met(target: object): Want {
  const { parties, nWaiting } = target as { parties: number; nWaiting: number };
  const comers = tasksIn(feedersOf(target, "arrive"));
  const missing = comers.filter((task) => !waitsAt(task, target));
  const words = (names: ObjectNames, task: Task<unknown>): string => {
    const object = `waits for ${names.of(target)} of ${parties} parties, of which ${nWaiting} ${nWaiting === 1 ? "has" : "have"} come`;
    if (missing.length === 0) return object;
    return `${object}; before came also ${list(missing.map((one) => nameOfParty(one, task, "")))}`;
  };
  return { target, providers: missing, words };
}

function waitsAt(task: Task<unknown>, target: object): boolean {
  return !task.done() && task.scope.pendingWaits().some((wait) => wait.target === target);
}

function grouped(target: object, children: readonly Task<unknown>[]): Want {
  const words = (): string =>
    `waits for ${list(children.map(({ name }) => name))} of its task group`;
  return { target, providers: children, isGroup: true, words };
}

/** The children of the group that is waited for: its scope hangs below the one that waits. */
function childrenOf(wait: Suspension): Task<unknown>[] {
  const scope = wait.ring as Scope;
  const group = scope.children.find(({ body }) => body === wait.target);
  return group === undefined ? [] : tasksIn(group.tasksBelow().map(({ body }) => body));
}

function tasksIn(parties: readonly (object | null)[]): Task<unknown>[] {
  return parties.filter((party) => party instanceof Task);
}

/** `B`, `itself`, `B, which has ended without releasing it`. */
function nameOfParty(party: object | null, self: Task<unknown>, without: string): string {
  if (party === null) return "code outside any task";
  if (party === self) return "itself";
  if (!(party instanceof Task)) return inspect(party, { depth: 0 });
  const end = endWords(party);
  if (end === "") return party.name;
  return `${party.name}, which ${end}${without === "" ? "" : ` ${without}`}`;
}

function endWords(task: Task<unknown>): string {
  if (!task.done()) return "";
  if (task.state === "cancelled") return "was cancelled";
  return task.state === "rejected" ? `has failed (${headOf(task.outcome)})` : "has ended";
}

function list(names: readonly string[]): string {
  if (names.length > 4) return `${names.slice(0, 3).join(", ")} and ${names.length - 3} others`;
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
