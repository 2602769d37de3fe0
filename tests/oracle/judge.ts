/*
 * The verdict on one program under `stepped`: agreement in every line and its order, or why not.
 *
 * Where a program touches one of Ambit's deliberate differences, the harness says so (`notes`). Most of them are rules
 * that can be put into CPython (`rules`): then Ambit must agree with that, line by line. The others (`UNORDERED`) change
 * who gets what, which no small patch of CPython can follow: there only what must hold whatever the order is checked.
 */
import { agree } from "./compare.ts";
import type { Result } from "./cpython.ts";

/** Differences after which the two programs are no longer the same program. */
export const UNORDERED: ReadonlySet<string> = new Set([
  "look at a lock that is handed over",
  "look at a semaphore that is handed over",
  "look at a queue that hands over",
  "wait outside a barrier",
  "cancel at a barrier",
  "uncancel of a timeout or group",
  "await of what waits for its end",
  "spawn into a group that has just ended",
]);

export interface Verdict {
  /**
   * `agrees`: with CPython as it is; `by rule`: with CPython that has Ambit's rules; `apart`: the program touches a
   * difference that cannot be put into CPython, and is sound; `differs`: a difference that nothing explains.
   */
  readonly kind: "agrees" | "by rule" | "apart" | "differs";
  /** The deliberate differences it touched. */
  readonly notes: readonly string[];
  /** What is wrong, when it differs. */
  readonly why?: string;
}

/**
 * Judges a run on Ambit by those on CPython: as it is, and with Ambit's rules (the same where it touches no difference).
 */
export function judge(plain: Result, ruled: Result, ambit: Result): Verdict {
  const notes = [...new Set([...plain.notes, ...ruled.notes])].sort();
  if (agree(plain, ambit)) return { kind: "agrees", notes: plain.notes };
  // Where cancels meet, which of them gives the message is nobody's rule.
  if (plain.notes.length > 0 && agree(ruled, ambit, false)) return { kind: "by rule", notes };
  if (plain.notes.length === 0 || !notes.some((note) => UNORDERED.has(note)))
    return { kind: "differs", notes, why: "not what CPython does" };
  const why = unsoundness(ambit);
  return why === null ? { kind: "apart", notes } : { kind: "differs", notes, why };
}

/** What is wrong with a run whatever the order, or null. */
function unsoundness({ log, end }: Result): string | null {
  if (end === "TooLong") return "it does not end";
  let time = 0;
  const running = new Map<string, number>();
  for (const line of log) {
    const [who = "", at = "", place = "", what = ""] = line.split("|");
    if (Number(at) < time) return `time goes back at ${line}`;
    time = Number(at);
    if (!/^f\d+$/.test(place)) continue;
    running.set(who, (running.get(who) ?? 0) + (what === "starts" ? 1 : -1));
  }
  return end === "done" ? stillRunning(running) : null;
}

/** At the end every function that began has ended, but for one that returned early and so logs no end. */
function stillRunning(running: ReadonlyMap<string, number>): string | null {
  for (const [who, count] of running) if (count < 0) return `${who} ended twice`;
  return null;
}
