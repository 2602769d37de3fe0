/*
 * `ambit serve` without workers: the program runs in this very process.
 */
import { cancellable } from "../../core/cancellable.ts";
import { run } from "../../core/run.ts";
import { taskGroup } from "../../core/taskGroup.ts";
import { select } from "../../flow/select.ts";
import { signals } from "../../flow/signals.ts";
import type { Streams } from "../streams.ts";
import type { ServeOptions } from "./arguments.ts";
import { errorDetail } from "./errorLine.ts";
import { sayTo } from "./events.ts";
import { exitCodeOf } from "./exitCode.ts";
import { AppFailure } from "./loadApp.ts";
import type { DrainOptions, ServedServer } from "./servedApp.ts";
import { IDLE_GRACE, loadEnvFiles, startServing, urlOf } from "./startServing.ts";

/**
 * Serves until a signal; returns the exit code.
 * @throws UsageError when the command line is to blame
 */
export async function serveAlone(options: ServeOptions, streams: Streams): Promise<number> {
  loadEnvFiles(options.envFiles);
  try {
    // Until it listens a signal cancels the start; from then on it has it end.
    return await run(() => serve(options, streams), { name: "ambit serve", debug: options.debug });
  } catch (error) {
    if (!(error instanceof AppFailure)) throw error;
    streams.err.write(`ambit serve: ${error.message}\n`);
    if (options.debug) streams.err.write(`${errorDetail(error.cause)}\n`);
    return 1;
  }
}

async function serve(options: ServeOptions, streams: Streams): Promise<number> {
  const say = sayTo(streams, options);
  const server = await startServing(options, process.cwd(), () => {});
  await using received = signals("SIGINT", "SIGTERM");
  const { pid } = process;
  const url = urlOf(server, options);
  say({ event: "listening", url, workers: 0, pid, target: options.target.path });
  const signal = await untilStopped(server, () => received.next());
  const { drainTimeout: timeout, lameDuck } = options;
  say({ event: "stopping", why: signal ?? "the program stops", timeout: timeout + lameDuck });
  await drained(server, { timeout, lameDuck, idleGrace: IDLE_GRACE }, () => received.next());
  say({ event: "stopped" });
  return 0;
}

/** The signal that has it stop; null when the program stops by itself. */
async function untilStopped(server: ServedServer, next: Next): Promise<NodeJS.Signals | null> {
  if (server.stopped === undefined) return (await next()).value ?? null;
  const first = await select({ signal: next, stopped: cancellable(server.stopped()) });
  return first.name === "signal" ? (first.value.value ?? null) : null;
}

type Next = () => Promise<IteratorResult<NodeJS.Signals, undefined>>;

/** Drains it; a signal meanwhile ends the process there and then. */
async function drained(server: ServedServer, how: DrainOptions, next: Next): Promise<void> {
  await taskGroup(async (group) => {
    const drain = group.spawn(() => server.drain(how), { name: "drain" });
    const first = await select({ drain, signal: next });
    if (first.name === "signal") process.exit(exitCodeOf(first.value.value ?? "SIGTERM"));
  });
}
