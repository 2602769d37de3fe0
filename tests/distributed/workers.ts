/**
 * Workers in processes of their own, and executors, for the tests of this folder.
 *
 * The workers run what is built. Whatever a test starts here ends with the test.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { DistributedExecutor, type DistributedOptions } from "ambit/distributed";
import { onTestFinished } from "vitest";
import type { Served } from "../servers/databases.ts";
import { Wire } from "../servers/wire.ts";

/** How a worker is made, as far as it can be told to another process. */
export interface WorkerOptions {
  readonly redis: string;
  readonly queue: string;
  readonly concurrency?: number;
  readonly executor?: "inline";
  /** Whether it runs calls in a process of its own. */
  readonly processes?: boolean;
  readonly lockDuration?: number;
  readonly maxLosses?: number;
  readonly watchInterval?: number;
  readonly inlineLimit?: number;
  readonly maxPayload?: number;
  readonly grace?: number;
  readonly rateLimit?: { readonly max: number; readonly duration: number };
}

/** How wrong the clock of a process is, in milliseconds, and by how much it jumps at SIGUSR2. */
export interface WrongClock {
  readonly wrong?: number;
  readonly jump?: number;
}

/** Starts a program of this folder, with a clock that may be wrong. */
export function startProgram(
  name: string,
  options: object,
  { wrong = 0, jump = 0 }: WrongClock = {},
): ChildProcess {
  const file = join(import.meta.dirname, name);
  const preload = pathToFileURL(join(import.meta.dirname, "wrongClock.mjs")).href;
  const importing = wrong === 0 && jump === 0 ? [] : ["--import", preload];
  return spawn(process.execPath, [...importing, file, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, CLOCK_WRONG: `${wrong}`, CLOCK_JUMP: `${jump}` },
  });
}

/** Lays a wire to the server, which is taken away after the test, behind what the test has made later. */
export async function wireTo({ server }: Served): Promise<Wire> {
  const wire = await Wire.to(server.port);
  onTestFinished(() => wire[Symbol.asyncDispose]());
  return wire;
}

const children = new Set<ChildProcess>();

/** Called at the end of a test file's `describe`: ends the workers that are left. */
export async function endWorkers(): Promise<void> {
  await Promise.all(Array.from(children, endWorker));
}

/** Starts a worker; settles when it takes calls. It is ended with {@link endWorkers}, at the latest. */
export async function startWorker(
  options: WorkerOptions,
  clock?: WrongClock,
): Promise<ChildProcess> {
  const child = startProgram("worker.mjs", options, clock);
  children.add(child);
  await Promise.race([once(child.stdout as Readable, "data"), diedEarly(child)]);
  return child;
}

async function diedEarly(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, "exit")) as [number | null];
  throw new Error(`the worker ended with ${code} before it was ready`);
}

/** Kills a worker, if it still runs, and waits until it has ended. */
export async function endWorker(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

let queues = 0;

/** A queue that nobody else uses. */
export function freshQueue(): string {
  return `queue${++queues}`;
}

/** An executor that is shut down at the end of the test. */
export function executorOf(
  served: Served,
  queue: string,
  options: DistributedOptions = {},
): DistributedExecutor {
  const executor = new DistributedExecutor({ redis: served.server.url, queue, ...options });
  onTestFinished(() => executor.shutdown({ cancelFutures: true }));
  return executor;
}

/** A folder that is removed at the end of the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ambit-distributed-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
