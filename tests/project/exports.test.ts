/**
 * What each entry of the package exports, by name: a changed surface shows in the review of a
 * change.
 * `npm test -- exports -u` writes the new lists.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "../..");

/**
 * The names in an entry's `export { … } from` clauses: values as they are, types with `type` before
 * them.
 */
function exportedNames(source: string): string[] {
  const text = readFileSync(join(ROOT, source), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  const clauses = text.matchAll(/^export (type )?\{([^}]*)\} from "[^"]+";$/gm);
  const names = [...clauses].flatMap(([, type = "", list = ""]) =>
    list.split(",").map((name) => type + name.trim().replace(/^(type )?\w+ as /, "$1")),
  );
  return names.filter((name) => !["", "type "].includes(name)).sort(byName);
}

/** By letter first, whatever the case; then values before types. */
function byName(a: string, b: string): number {
  const [first, second] = [a, b].map((name) => name.replace("type ", ""));
  const letters = (first ?? "").toLowerCase().localeCompare((second ?? "").toLowerCase(), "en");
  return letters || (a < b ? -1 : 1);
}

const entries = Object.entries(manifest.exports).filter(
  (entry): entry is [string, { source: string; types: string; default: string }] =>
    typeof entry[1] !== "string",
);

test.each(entries)(
  "the entry %s points at files that are there, in src and dist alike",
  (_, files) => {
    for (const file of Object.values(files)) expect(existsSync(join(ROOT, file)), file).toBe(true);
  },
);

test.each(entries)(
  "the entry %s is a plain list of exports, and holds what it lists",
  async (_, { source }) => {
    const loaded = (await import(join(ROOT, source))) as object;
    const values = exportedNames(source).filter((name) => !name.startsWith("type "));
    expect(values).toEqual(Object.keys(loaded).sort(byName));
  },
);

test("ambit exports these names", () => {
  expect(exportedNames("src/index.ts")).toMatchInlineSnapshot(`
    [
      "aclosing",
      "addSignalHandler",
      "ALL_COMPLETED",
      "allTasks",
      "AlreadyBorrowingError",
      "ambientSignal",
      "any",
      "asCompleted",
      "type AsCompletedOptions",
      "type Awaitable",
      "Barrier",
      "type BarrierState",
      "type BarrierStatistics",
      "BoundedSemaphore",
      "BrokenBarrierError",
      "BrokenChannelError",
      "type CancelDetails",
      "type CallGraphOptions",
      "cancellable",
      "CancelledError",
      "CancelScope",
      "type CancelScopeOptions",
      "CapacityLimiter",
      "type CapacityLimiterStatistics",
      "type Channel",
      "captureCallGraph",
      "type ChannelStatistics",
      "checkpoint",
      "type Cleanup",
      "ClosedChannelError",
      "type Closing",
      "type Comparator",
      "type Completion",
      "Condition",
      "type ConditionStatistics",
      "type Context",
      "ContextVar",
      "copyContext",
      "createTask",
      "currentTask",
      "type Cut",
      "type DiscardingTaskGroup",
      "EndOfChannel",
      "ensureFuture",
      "type ErrorCondition",
      "Event",
      "type EventIterator",
      "type EventSource",
      "type EventStatistics",
      "type ExceptionContext",
      "ExceptionGroup",
      "type ExceptionHandler",
      "FIRST_COMPLETED",
      "FIRST_EXCEPTION",
      "formatTaskTree",
      "type FrameCallGraphEntry",
      "formatCallGraph",
      "Future",
      "gather",
      "type Gathered",
      "futureAddToAwaitedBy",
      "type FutureCallGraph",
      "futureDiscardFromAwaitedBy",
      "type GatheredOrErrors",
      "type GatherOptions",
      "getRunningLoop",
      "getTaskFactory",
      "type Guard",
      "type Handle",
      "InvalidStateError",
      "isCancelled",
      "type JoinedGroupOptions",
      "type JoinedTaskGroup",
      "type Joiner",
      "joiners",
      "LifoQueue",
      "listen",
      "type Listening",
      "Lock",
      "LockNotHeldError",
      "type LockStatistics",
      "type Loop",
      "mapConcurrent",
      "type MapConcurrentOptions",
      "moveOnAfter",
      "moveOnAt",
      "named",
      "NotBorrowingError",
      "on",
      "once",
      "type OnOptions",
      "onRunnerEnd",
      "openChannel",
      "type Outcome",
      "printTaskTree",
      "PriorityQueue",
      "printCallGraph",
      "protect",
      "Queue",
      "QueueEmpty",
      "QueueFull",
      "QueueShutDown",
      "type QueueStatistics",
      "race",
      "RateLimiter",
      "type RateLimiterOptions",
      "type RateLimiterStatistics",
      "ReadWriteLock",
      "type ReadWriteLockStatistics",
      "type Receiver",
      "removeSignalHandler",
      "rethrowIfCancelled",
      "retry",
      "type RetryOptions",
      "type ReturnWhen",
      "run",
      "runInContext",
      "Runner",
      "RunnerStateError",
      "type RunOptions",
      "Semaphore",
      "type SemaphoreStatistics",
      "type Sender",
      "setTaskFactory",
      "shield",
      "type ShutdownOptions",
      "type SignalIterator",
      "signals",
      "sleep",
      "type StackOptions",
      "type Start",
      "suppressedErrors",
      "suspend",
      "Task",
      "type TaskBody",
      "TaskDoneError",
      "type TaskEvent",
      "type TaskFactory",
      "taskGroup",
      "type TaskGroup",
      "TaskGroupClosedError",
      "type TaskGroupOptions",
      "type TaskOptions",
      "type TextOutput",
      "timeout",
      "type Timeout",
      "timeoutAt",
      "TimeoutError",
      "type TimerHandle",
      "type Token",
      "TooManyReleasesError",
      "type Wait",
      "wait",
      "waitFor",
      "type WaitOptions",
      "type WaitResult",
      "WouldBlock",
    ]
  `);
});

test("ambit/testing exports these names", () => {
  expect(exportedNames("src/testing/index.ts")).toMatchInlineSnapshot(`
    [
      "advance",
      "cancelEverywhere",
      "type CancelEverywhereOptions",
      "currentTime",
      "DeadlockError",
      "type Deviation",
      "type Exploration",
      "type ExploreOptions",
      "exploreSchedules",
      "LivelockError",
      "NondeterminismError",
      "NotVirtualError",
      "type Replay",
      "ReplayMismatchError",
      "runSeeds",
      "runUntilIdle",
      "runVirtual",
      "ScheduleFailure",
      "type SeedsOptions",
      "type SeedsResult",
      "SequenceError",
      "Sequencer",
      "TimeLimitError",
      "type VirtualOptions",
      "waitAllTasksBlocked",
    ]
  `);
});

test("ambit/streams exports these names", () => {
  expect(exportedNames("src/streams/index.ts")).toMatchInlineSnapshot(`
    [
      "type Accept",
      "type Address",
      "ConcurrentReadError",
      "Connection",
      "type ConnectionHandler",
      "connectionOver",
      "ConnectionResetError",
      "type ConnectOptions",
      "IncompleteReadError",
      "type IpAddress",
      "LimitOverrunError",
      "type Listener",
      "NodeTransport",
      "openConnection",
      "openUnixConnection",
      "type Protocol",
      "type Separator",
      "Server",
      "type ServerOptions",
      "type ServingOptions",
      "startServer",
      "type StartTlsOptions",
      "startUnixServer",
      "StreamProtocol",
      "StreamReader",
      "type StreamReaderOptions",
      "StreamWriter",
      "type TcpConnectOptions",
      "type TcpServerOptions",
      "type TlsInfo",
      "type TlsOptions",
      "type TlsUpgrade",
      "type Transport",
      "type TransportInfo",
      "type WriteBufferLimits",
      "WriteLimits",
    ]
  `);
});

test("ambit/subprocess exports these names", () => {
  expect(exportedNames("src/subprocess/index.ts")).toMatchInlineSnapshot(`
    [
      "type CalledProcess",
      "CalledProcessError",
      "type CompletedProcess",
      "createSubprocessExec",
      "createSubprocessShell",
      "DEVNULL",
      "INHERIT",
      "PIPE",
      "type PipeOf",
      "Process",
      "type ProcessOf",
      "runSubprocess",
      "type RunSubprocessOptions",
      "SpawnError",
      "type SpawnFailure",
      "type Stdio",
      "type StdioChoice",
      "STDOUT",
      "type SubprocessOptions",
    ]
  `);
});

test("ambit/http exports these names", () => {
  expect(exportedNames("src/http/index.ts")).toMatchInlineSnapshot(`
    [
      "ClientConnectionError",
      "ClientError",
      "ClientPayloadError",
      "ClientResponse",
      "ClientResponseError",
      "ClientSession",
      "type ClientTimeout",
      "ClientTimeoutError",
      "type HeadersInput",
      "type HostStatistics",
      "InvalidUrlError",
      "type ParamsInput",
      "type RequestOptions",
      "type ResponseBody",
      "SessionClosedError",
      "type SessionOptions",
      "type SessionStatistics",
    ]
  `);
});

test("ambit/futures exports these names", () => {
  expect(exportedNames("src/futures/index.ts")).toMatchInlineSnapshot(`
    [
      "ALL_COMPLETED",
      "asCompleted",
      "BrokenExecutor",
      "BrokenThreadPool",
      "cancelRequested",
      "ConcurrentFuture",
      "Executor",
      "ExecutorShutdownError",
      "type ExecutorShutdownOptions",
      "FIRST_COMPLETED",
      "FIRST_EXCEPTION",
      "getDefaultExecutor",
      "type MapOptions",
      "type ModuleCalls",
      "runInExecutor",
      "setDefaultExecutor",
      "task",
      "ThreadPoolExecutor",
      "type ThreadPoolOptions",
      "type ThreadPoolStatistics",
      "toThread",
      "UnreachableFunctionError",
      "wait",
      "WorkerLostError",
    ]
  `);
});

test("there are no other entries", () => {
  expect(entries.map(([entry]) => entry)).toEqual([
    ".",
    "./testing",
    "./streams",
    "./subprocess",
    "./http",
    "./futures",
  ]);
});
