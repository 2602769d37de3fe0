/*
 * From the words of the command line to how a worker runs.
 */
import type { Streams } from "../streams.ts";
import { FILE_QUEUE } from "../get/spread/workable.ts";
import { duration, queueName, redisUrl, wholeNumber } from "../get/values.ts";
import { type Option, readOptions } from "../options.ts";
import { UsageError } from "../usageError.ts";

/** How a worker runs; times are milliseconds. */
export interface WorkerArguments {
  /** The modules that name the tasks. */
  readonly modules: readonly string[];
  readonly redis: string;
  readonly queue: string;
  readonly prefix: string;
  /** Undefined: as many as the machine runs threads at once. */
  readonly concurrency: number | undefined;
  readonly place: "threads" | "processes" | "inline";
  readonly grace: number;
  /** Where its spans go; undefined: nowhere. */
  readonly zipkin: string | undefined;
  /** What it is called in traces. */
  readonly service: string;
  /** Where the files go that `ambit get --workers` asks for; undefined: it takes none. */
  readonly folder: string | undefined;
}

const OPTIONS: readonly Option[] = [
  { name: "get", value: "DIR" },
  { name: "redis", value: "URL" },
  { name: "queue", short: "q", value: "NAME" },
  { name: "prefix", value: "NAME" },
  { name: "concurrency", short: "c", value: "N" },
  { name: "processes" },
  { name: "inline" },
  { name: "grace", value: "TIME" },
  { name: "zipkin", value: "URL" },
  { name: "service", value: "NAME" },
  { name: "help", short: "h" },
];

/** Files that a worker downloads at a time. */
const FILES = 16;

/** What `ambit worker --help` prints. */
export const WORKER_HELP = `Runs the calls that programs submit with ambit/distributed, on any number of
machines.

Usage: ambit worker [options] MODULE...
       ambit worker [options] --get DIR

Each MODULE names its tasks: export const add = task("math.add", (a, b) => a + b)

      --get DIR          download the files that \`ambit get --workers\` asks for,
                         into the folder DIR of this machine, and nowhere else
      --redis URL        [$REDIS_URL, else redis://localhost:6379]
  -q, --queue NAME       whose calls it takes [default; with --get ambit-get]
      --prefix NAME      what all keys in Redis begin with [ambit]
  -c, --concurrency N    calls at a time [as many as the machine's threads;
                         with --get 16]
      --processes        run them in processes, in place of threads
      --inline           run them in this very thread: for tasks that only wait
      --grace TIME       how long calls may go on once it is to stop; then they
                         go back to the queue, for other workers [30s]
      --zipkin URL       where its spans go; those of "ambit trace" to
                         http://127.0.0.1:9411/api/v2/spans
                         [$OTEL_EXPORTER_ZIPKIN_ENDPOINT, else nowhere]
      --service NAME     what it is called in traces
                         [$OTEL_SERVICE_NAME, else ambit-worker]
  -h, --help             print this help

SIGTERM and SIGINT (Ctrl-C) end it: it takes no more calls and lets those that
run end; the second ends it at once.

Exit codes: 0 it ended as it was told to, 1 a module failed, 2 wrong usage.
`;

/**
 * @returns how it runs, or `"help"`
 * @throws {@link UsageError} when the arguments make no sense
 */
export function readWorkerArguments(
  args: readonly string[],
  env: Streams["env"],
): WorkerArguments | "help" {
  const { options, words } = readOptions(args, OPTIONS);
  if (options.has("help")) return "help";
  const text = (name: string): string | undefined => options.get(name)?.[0];
  const folder = text("get");
  expectSense(words, options);
  const concurrency = text("concurrency");
  const grace = text("grace");
  return {
    modules: words,
    redis: redisUrl("--redis", text("redis") ?? env["REDIS_URL"] ?? "redis://localhost:6379"),
    queue: queueName("--queue", text("queue") ?? (folder === undefined ? "default" : FILE_QUEUE)),
    prefix: queueName("--prefix", text("prefix") ?? "ambit"),
    concurrency:
      concurrency === undefined
        ? folder === undefined
          ? undefined
          : FILES
        : wholeNumber("--concurrency", concurrency, 1, 10_000),
    // Downloads only wait for others.
    place:
      options.has("inline") || folder !== undefined
        ? "inline"
        : options.has("processes")
          ? "processes"
          : "threads",
    grace: grace === undefined ? 30_000 : duration("--grace", grace),
    zipkin: zipkinUrl(text("zipkin") ?? env["OTEL_EXPORTER_ZIPKIN_ENDPOINT"] ?? ""),
    service: (text("service") ?? env["OTEL_SERVICE_NAME"] ?? "") || "ambit-worker",
    folder,
  };
}

function expectSense(words: readonly string[], options: ReadonlyMap<string, unknown>): void {
  const hasFolder = options.has("get");
  if (words.length === 0 && !hasFolder)
    throw new UsageError("expected a module that names tasks, such as `tasks.js`, or --get DIR");
  if (words.length > 0 && hasFolder)
    throw new UsageError("--get and modules cannot both be: start a worker for each");
  if (options.has("processes") && options.has("inline"))
    throw new UsageError("--processes and --inline cannot both be");
  if (options.has("processes") && hasFolder)
    throw new UsageError("--get and --processes cannot both be: downloads only wait for others");
}

/** Set to nothing, the variable says nothing. */
function zipkinUrl(text: string): string | undefined {
  if (text === "") return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError("--zipkin must be a URL such as `http://127.0.0.1:9411/api/v2/spans`");
}
