/*
 * Debug mode: steps that hold the loop for too long.
 *
 * A step is what runs between two waits of a task; while it runs, nothing else does. Strategy: Node tells of the begin
 * and the end of every callback and every job (`async_hooks`), so that a step is measured wherever it came from: a wait
 * of Ambit's, a foreign promise, a timer. The waits that begin meanwhile cut that time into segments, each the segment
 * of the task that waits at its end. A step that goes through several jobs of one turn is summed up.
 * Who is told: a step of code that an event loop's own callbacks run is `callbackRan`'s; code that belongs to no run in
 * debug mode is nobody's business here.
 * Limits: without async_hooks (other runtimes than Node) steps are not measured.
 */
import {
  type AsyncLocalStorage,
  AsyncResource,
  createHook,
  executionAsyncResource,
} from "node:async_hooks";
import { type Debugged, isAnyDebugged, noteDebug } from "./debugMode.ts";
import type { FrameCallGraphEntry } from "./frames.ts";
import { frameLines, framesOf, placeField } from "./places.ts";

/** The scope that holds a task's steps. */
interface Home {
  readonly body: object | null;
}

interface StepScope {
  readonly loop: Debugged;
  readonly home: Home;
}

/** A wait at either end of a step. */
interface StepWait {
  readonly label: string;
}

/** What ends a step, for the report. */
interface StepEnd {
  readonly words: string;
  readonly frames: readonly FrameCallGraphEntry[];
}

/** The wait that a task came from, by its home scope; none before its first. */
const cameFrom = new WeakMap<Home, StepWait>();

/** What a task has used in earlier jobs of this turn, since its last wait. */
interface Used {
  readonly scope: StepScope;
  readonly took: number;
  /** A wait that began in that job, before the code went on. */
  readonly wait: StepWait | null;
}

const used = new Map<Home, Used>();
/** The wait that began last in the running job, and whose it is. */
let lastWait: { readonly home: Home; readonly wait: StepWait } | null = null;
/** How deep in callbacks Node is; the outermost counts. */
let depth = 0;
/** Where the running segment began, in real milliseconds; null where nobody told of the job's begin. */
let since: number | null = null;
let storage: AsyncLocalStorage<StepScope> | null = null;

const hook: ReturnType<typeof createHook> = createHook({ before: jobBegins, after: jobEnds });

/** Begins to measure the steps of all loops in debug mode; they are told from one another by their scopes. @internal */
export function watchSteps(loop: Debugged, scopes: AsyncLocalStorage<StepScope>): void {
  noteDebug(loop);
  if (storage !== null) return;
  storage = scopes;
  depth = 0;
  hook.enable();
}

function unwatch(): void {
  storage = null;
  since = null;
  used.clear();
  hook.disable();
}

function jobBegins(): void {
  if (depth++ > 0) return;
  if (used.size > 0 && !isMicrotask(executionAsyncResource())) turnEnds();
  lastWait = null;
  since = performance.now();
}

/** Anything but a microtask is a new turn: the task did not hold the loop all the while. */
function isMicrotask(resource: object): boolean {
  return resource instanceof Promise || resource instanceof AsyncResource;
}

function jobEnds(): void {
  // The job that began to watch.
  if (depth === 0 || --depth > 0 || since === null) return;
  if (!isAnyDebugged()) return unwatch();
  const scope = storage?.getStore();
  if (scope !== undefined && scope.loop.debug) leaveJob(scope);
  since = null;
}

/** The task may go on in another job of this turn. */
function leaveJob(scope: StepScope): void {
  const took = segment() + (used.get(scope.home)?.took ?? 0);
  used.set(scope.home, { scope, took, wait: lastWait?.home === scope.home ? lastWait.wait : null });
}

/** What went on in no further job has ended its step with an await that Ambit does not see. */
function turnEnds(): void {
  for (const { scope, took, wait } of used.values()) {
    if (took <= scope.loop.slowCallbackDuration || !scope.loop.debug) continue;
    const end: StepEnd =
      wait === null
        ? { words: "an await of what is not Ambit's", frames: [] }
        : { words: wait.label, frames: framesOf(wait) };
    // Not from inside Node's hook: an error there would end the process.
    queueMicrotask(() => report(scope, took, end));
  }
  used.clear();
}

/** The real time since the segment began; begins the next one. */
function segment(): number {
  const now = performance.now();
  const took = since === null ? 0 : now - since;
  since = since === null ? null : now;
  return took;
}

/** A wait has ended: the next step of its task comes from it. @internal */
export function waitEnds(home: Home, wait: StepWait): void {
  cameFrom.set(home, wait);
}

/** The wait that a task came from last; undefined before its first, and outside debug mode. @internal */
export function lastWaitOf(home: Home): StepWait | undefined {
  return cameFrom.get(home);
}

/** The body of a task begins, maybe inside another's step. @internal */
export function stepStarts(scope: StepScope): void {
  if (since !== null) since = performance.now();
  used.delete(scope.home);
}

/** The running step ends with a wait. @internal */
export function stepWaits(scope: StepScope, wait: StepWait): void {
  lastWait = { home: scope.home, wait };
  stepEnds(scope, () => ({ words: wait.label, frames: framesOf(wait) }));
}

/** The running step ends with its task. @internal */
export function stepIsLast(scope: StepScope): void {
  stepEnds(scope, () => ({ words: "the task's end", frames: [] }));
}

function stepEnds(scope: StepScope, end: () => StepEnd): void {
  const took = segment() + (used.get(scope.home)?.took ?? 0);
  used.delete(scope.home);
  if (took > scope.loop.slowCallbackDuration) report(scope, took, end());
}

function report({ loop, home }: StepScope, took: number, end: StepEnd): void {
  const task = home.body;
  const from = cameFrom.get(home);
  const created = task === null ? [] : framesOf(task);
  const before = from === undefined ? [] : framesOf(from);
  loop.callExceptionHandler({
    message: `a step of ${task === null ? "code outside any task" : nameOf(task)} held the loop for ${Math.round(took)} ms`,
    ...(task === null ? {} : { task }),
    ...placeField("createdAt", created),
    ...placeField("waitedAt", before),
    ...placeField("nextWaitAt", end.frames),
    details: [
      ...(from === undefined
        ? ["it began with the task's start", ...frameLines("  created", created)]
        : withFrames(`it began after ${from.label}`, before)),
      ...withFrames(`it ended with ${end.words}`, end.frames),
    ].join("\n"),
  });
  if (since !== null) since = performance.now();
}

function withFrames(words: string, frames: readonly FrameCallGraphEntry[]): string[] {
  return frames.length === 0 ? [words] : frameLines(words, frames);
}

function nameOf(task: object): string {
  const { name } = task as { name?: unknown };
  return typeof name === "string" ? `task '${name}'` : "code outside any task";
}

/** What a callback of the loop's is reported with. */
interface TimedCallback {
  readonly loop: Debugged;
  readonly words: string;
  readonly handle: object;
  /** Where it was scheduled. */
  readonly created: readonly FrameCallGraphEntry[];
}

/** Runs a callback of the loop's and reports it if it was slow (asyncio: "Executing … took … seconds"). @internal */
export function timeCallback(timed: TimedCallback, callback: () => void): void {
  const start = performance.now();
  callback();
  const took = performance.now() - start;
  if (took > timed.loop.slowCallbackDuration) reportCallback(timed, took);
  if (since !== null) since = performance.now();
}

function reportCallback({ loop, words, handle, created }: TimedCallback, took: number): void {
  loop.callExceptionHandler({
    message: `${words} held the loop for ${Math.round(took)} ms`,
    handle,
    ...placeField("createdAt", created),
    details: frameLines("it was scheduled", created).join("\n"),
  });
}
