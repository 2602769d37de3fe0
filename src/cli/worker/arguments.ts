/*
 * From the words of the command line to how a worker runs.
 */
import type { Streams } from "../streams.ts";
import { duration, wholeNumber } from "../get/values.ts";
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
}

const OPTIONS: readonly Option[] = [
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

/** What `ambit worker --help` prints. */
export const WORKER_HELP = `Runs the calls that programs submit with ambit/distributed, on any number of
machines.

Usage: ambit worker [options] MODULE...

Each MODULE names its tasks: export const add = task("math.add", (a, b) => a + b)

      --redis URL        [$REDIS_URL, else redis://localhost:6379]
  -q, --queue NAME       whose calls it takes [default]
      --prefix NAME      what all keys in Redis begin with [ambit]
  -c, --concurrency N    calls at a time [as many as the machine's threads]
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
  if (words.length === 0)
    throw new UsageError("expected a module that names tasks, such as `tasks.js`");
  if (options.has("processes") && options.has("inline"))
    throw new UsageError("--processes and --inline cannot both be");
  const text = (name: string): string | undefined => options.get(name)?.[0];
  const concurrency = text("concurrency");
  const grace = text("grace");
  return {
    modules: words,
    redis: redisUrl(text("redis") ?? env["REDIS_URL"] ?? "redis://localhost:6379"),
    queue: named("--queue", text("queue") ?? "default"),
    prefix: named("--prefix", text("prefix") ?? "ambit"),
    concurrency:
      concurrency === undefined ? undefined : wholeNumber("--concurrency", concurrency, 1, 10_000),
    place: options.has("inline") ? "inline" : options.has("processes") ? "processes" : "threads",
    grace: grace === undefined ? 30_000 : duration("--grace", grace),
    zipkin: zipkinUrl(text("zipkin") ?? env["OTEL_EXPORTER_ZIPKIN_ENDPOINT"] ?? ""),
    service: (text("service") ?? env["OTEL_SERVICE_NAME"] ?? "") || "ambit-worker",
  };
}

/** Set to nothing, the variable says nothing. */
function zipkinUrl(text: string): string | undefined {
  if (text === "") return undefined;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError("--zipkin must be a URL such as `http://127.0.0.1:9411/api/v2/spans`");
}

/** The URL is not told back: it may hold a password. */
function redisUrl(text: string): string {
  if (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError("--redis must be a URL such as `redis://localhost:6379`");
}

function named(name: string, text: string): string {
  if (/^[^:{}\s]+$/.test(text)) return text;
  throw new UsageError(`${name} must be a name without spaces, colons and braces, not \`${text}\``);
}
