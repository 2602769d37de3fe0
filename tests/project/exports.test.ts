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
      "after",
      "ALL_COMPLETED",
      "allTasks",
      "AlreadyBorrowingError",
      "ambientSignal",
      "any",
      "type ArgumentOptions",
      "asCompleted",
      "type AsCompletedOptions",
      "type Awaitable",
      "Barrier",
      "type BarrierState",
      "type BarrierStatistics",
      "BoundedSemaphore",
      "Broadcast",
      "type BroadcastStatistics",
      "BrokenBarrierError",
      "BrokenChannelError",
      "type CallGraphOptions",
      "type CallOptions",
      "type CancelDetails",
      "cancellable",
      "CancelledError",
      "CancelScope",
      "type CancelScopeOptions",
      "CapacityLimiter",
      "type CapacityLimiterStatistics",
      "captureCallGraph",
      "type Channel",
      "type ChannelStatistics",
      "checkpoint",
      "type Clause",
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
      "eagerTaskFactory",
      "EndOfChannel",
      "ensureFuture",
      "type ErrorCondition",
      "Event",
      "type EventArguments",
      "type EventIterator",
      "type EventSource",
      "type EventStatistics",
      "type ExceptionContext",
      "ExceptionGroup",
      "type ExceptionHandler",
      "FIRST_COMPLETED",
      "FIRST_EXCEPTION",
      "formatCallGraph",
      "formatTaskTree",
      "type FrameCallGraphEntry",
      "Future",
      "futureAddToAwaitedBy",
      "type FutureCallGraph",
      "futureDiscardFromAwaitedBy",
      "gather",
      "type Gathered",
      "type GatheredOrErrors",
      "type GatherOptions",
      "getRunningLoop",
      "getTaskFactory",
      "type Guard",
      "type Handle",
      "InvalidStateError",
      "isCancelled",
      "isFuture",
      "type JoinedGroupOptions",
      "type JoinedTaskGroup",
      "type Joiner",
      "joiners",
      "LaggedError",
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
      "printCallGraph",
      "printTaskTree",
      "PriorityQueue",
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
      "select",
      "type Selectable",
      "type Selectables",
      "type Selected",
      "type SelectOptions",
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
      "staggeredRace",
      "type StaggeredRaceOptions",
      "type StaggeredRaceResult",
      "type Start",
      "type SubscribeOptions",
      "type Subscription",
      "type SubscriptionStatistics",
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
      "Watch",
      "type Watcher",
      "type WatchStatistics",
      "WouldBlock",
      "wrapFuture",
    ]
  `);
});

test("ambit/testing exports these names", () => {
  expect(exportedNames("src/testing/index.ts")).toMatchInlineSnapshot(`
    [
      "advance",
      "cancelEverywhere",
      "type CancelEverywhereOptions",
      "checkStreamPair",
      "currentTime",
      "DeadlockError",
      "type Deviation",
      "type Direction",
      "type Exploration",
      "type ExploreOptions",
      "exploreSchedules",
      "HostDownError",
      "type HostLike",
      "leakCheck",
      "LeakError",
      "type LeakHooks",
      "type LeakOptions",
      "type LinkOptions",
      "LivelockError",
      "type MemoryStreamOptions",
      "memoryStreamPair",
      "type NetworkOptions",
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
      "type SimulatedHost",
      "type SimulatedNetwork",
      "simulateNetwork",
      "StreamCheckError",
      "type StreamCheckOptions",
      "type StreamPair",
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
      "createDatagramEndpoint",
      "type Datagram",
      "DatagramEndpoint",
      "type DatagramOptions",
      "type DatagramStatistics",
      "type Destination",
      "EndpointClosedError",
      "type HostAndPort",
      "IncompleteReadError",
      "type IpAddress",
      "LimitOverrunError",
      "type Listener",
      "NodeTransport",
      "openConnection",
      "openUnixConnection",
      "type Protocol",
      "readerFrom",
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
      "toReadable",
      "toReadableStream",
      "toWritable",
      "toWritableStream",
      "type Transport",
      "type TransportInfo",
      "type WriteBufferLimits",
      "WriteLimits",
      "writerTo",
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
      "type AnyTraceConfig",
      "type BodyOptions",
      "type BodySource",
      "ClientConnectionError",
      "ClientError",
      "ClientPayloadError",
      "ClientRequest",
      "ClientResponse",
      "ClientResponseError",
      "ClientSession",
      "type ClientTimeout",
      "ClientTimeoutError",
      "type CommonOptions",
      "type HeaderRecord",
      "type HeadersInput",
      "type HostStatistics",
      "InvalidUrlError",
      "type Middleware",
      "type Next",
      "type ParamsInput",
      "type RaiseForStatus",
      "type RequestBody",
      "type RequestOptions",
      "type ResponseBody",
      "SessionClosedError",
      "type SessionOptions",
      "type SessionStatistics",
      "type TimeoutKind",
      "type TraceChunk",
      "type TraceConfig",
      "type TraceConnection",
      "type TraceException",
      "type TraceHost",
      "type TraceRequest",
      "type TraceResponse",
      "type Transport",
      "type TransportResponse",
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
      "shutdownDefaultExecutor",
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
