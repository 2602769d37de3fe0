/*
 * What the tests of subprocesses have in common: programs that are cheap to start, and looks at the system.
 *
 * Most programs are lines of the shell: Node takes fifty times as long to start as `sh`.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { sleep } from "ambit";

/** There are no such shells, signals and groups. */
export const WINDOWS: boolean = process.platform === "win32";

/** A program that only waits; the shell becomes it, so that a signal meets nobody else. */
export const BLOCKED: readonly [string, readonly string[]] = ["sleep", ["3600"]];

/** Says `ready`, and then ignores SIGTERM. */
export const STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.02; done";

/** The return code of who is ended by a signal. */
export function signalled(signal: NodeJS.Signals): number {
  return -constants.signals[signal];
}

/** Whether there is a process of that number that is no zombie. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !existsSync("/proc/self/stat") || stateOf(pid) !== "Z";
}

/** `R`, `S`, `Z`, …; undefined when there is no such process. */
export function stateOf(pid: number): string | undefined {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * How many descriptors this process has open, where the system tells; else 0. Without those that the runtime and the test
 * runner open and close when they like: events, and files of the checkout.
 */
export function openDescriptors(): number {
  if (!existsSync("/proc/self/fd")) return 0;
  const targets = readdirSync("/proc/self/fd").map((number) => targetOf(number));
  return targets.filter((target) => target !== undefined && !OTHERS.test(target)).length;
}

const OTHERS = new RegExp(`^(anon_inode:|${process.cwd()}/)`);

/** What a descriptor leads to; undefined when it is gone, as the one of the listing itself. */
function targetOf(number: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${number}`);
  } catch {
    return undefined;
  }
}

/** The numbers of this process's children, zombies included, where the system tells. */
export function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number);
}

/** Waits until something that the system does has happened. */
export async function eventually(happened: () => boolean): Promise<void> {
  while (!happened()) await sleep(2);
}
