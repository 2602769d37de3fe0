/*
 * The command `ambit worker`: loads the modules that name the tasks, and runs calls until a signal.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { cancellable } from "../../core/cancellable.ts";
import { run } from "../../core/run.ts";
import { signals } from "../../flow/signals.ts";
import type { DistributedWorker } from "../../distributed/distributedWorker.ts";
import { taskNames } from "../../futures/registered.ts";
import { errorDetail } from "../serve/errorLine.ts";
import { exitCodeOf } from "../serve/exitCode.ts";
import type { Streams } from "../streams.ts";
import { withQueuePackages } from "../queuePackages.ts";
import { UsageError } from "../usageError.ts";
import { readWorkerArguments, WORKER_HELP, type WorkerArguments } from "./arguments.ts";

/** Runs `ambit worker`; returns the exit code. */
export async function workerCommand(args: readonly string[], streams: Streams): Promise<number> {
  const options = readWorkerArguments(args, streams.env);
  if (options === "help") {
    streams.out.write(WORKER_HELP);
    return 0;
  }
  const files = options.modules.map((module) => resolve(module));
  for (const [at, file] of files.entries())
    if (!existsSync(file)) throw new UsageError(`there is no module ${options.modules[at]}`);
  await withQueuePackages("this command", loadWorker);
  try {
    for (const file of files) await import(pathToFileURL(file).href);
    if (files.length > 0 && taskNames().length === 0)
      throw new Error(`${options.modules.join(", ")} names no task: task("some.name", fn) does`);
  } catch (error) {
    streams.err.write(`ambit worker: a module failed\n${errorDetail(error)}\n`);
    return 1;
  }
  return await run(() => work(options, streams), { name: "ambit worker" });
}

async function work(options: WorkerArguments, streams: Streams): Promise<number> {
  await using _ = await tracingOf(options);
  return await takeCalls(options, streams);
}

async function takeCalls(options: WorkerArguments, { out, err }: Streams): Promise<number> {
  await using _ = await takesFiles(options);
  const worker = await makeWorker(options, troubleTeller(err));
  await using received = signals("SIGINT", "SIGTERM");
  const signal = received.next();
  try {
    await cancellable(Promise.race([worker.ready(), signal]));
  } catch {
    // Its words were told as trouble. The driver would go on trying.
    process.exit(1);
  }
  // Nothing runs, and closing would wait for Redis.
  if (!worker.statistics().connected) process.exit(0);
  const where = options.folder === undefined ? "" : `, downloads into ${resolve(options.folder)}`;
  out.write(`takes calls of the queue ${options.queue} (process ${process.pid})${where}\n`);
  await signal;
  out.write(`stopping: calls that run have ${options.grace} ms to end\n`);
  // At the end of the block it is done, and there was none.
  void received.next().then(({ value }) => value && process.exit(exitCodeOf(value)));
  await worker.close(options.grace);
  const { ended, failed } = worker.statistics();
  out.write(`stopped: ${ended} calls ended, ${failed} of them failed\n`);
  return 0;
}

/** Null where nothing is to be traced, or a module has seen to it. */
async function tracingOf({ zipkin, service }: WorkerArguments): Promise<AsyncDisposable | null> {
  if (zipkin === undefined) return null;
  const { startTracing, ZipkinReporter } = await import("../../tracing/index.ts");
  const { tracerInCharge } = await import("../../tracing/tracer.ts");
  if (tracerInCharge() !== null) return null;
  return startTracing({
    serviceName: service,
    reporters: [new ZipkinReporter({ url: zipkin })],
  });
}

/** Says each trouble once, however often the driver meets it while it tries again. */
function troubleTeller(err: Streams["err"]): (error: Error) => void {
  let told = "";
  return (error) => {
    const words = error.message || (error as NodeJS.ErrnoException).code || error.name;
    if (words !== told) err.write(`ambit worker: ${words}\n`);
    told = words;
  };
}

/** What `--get` needs until the end; null without it. */
async function takesFiles(options: WorkerArguments): Promise<AsyncDisposable | null> {
  const { folder } = options;
  if (folder === undefined) return null;
  return (await import("../get/spread/fileTask.ts")).takeFiles(resolve(folder), options);
}

function loadWorker(): Promise<typeof import("../../distributed/distributedWorker.ts")> {
  return import("../../distributed/distributedWorker.ts");
}

async function makeWorker(
  { redis, queue, prefix, concurrency = availableParallelism(), place }: WorkerArguments,
  onTrouble: (error: Error) => void,
): Promise<DistributedWorker> {
  const { DistributedWorker } = await loadWorker();
  const usual = { redis, queue, prefix, concurrency, onTrouble };
  if (place === "threads") return new DistributedWorker(usual);
  if (place === "inline") return new DistributedWorker({ ...usual, executor: "inline" });
  const { ProcessPoolExecutor } = await import("../../futures/processPool.ts");
  const executor = new ProcessPoolExecutor({ maxWorkers: concurrency });
  return new DistributedWorker({ ...usual, executor });
}
