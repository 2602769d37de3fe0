/*
 * What a worker does: loads the program, serves until it is told to end, answers what it was asked, and leaves.
 *
 * Strategy: Ctrl-C reaches a whole group of processes; it is for the supervisor alone, who tells the workers. SIGTERM, sent
 * to a worker by itself, has it replaced first; a second one does not wait for that.
 */
import { cancellable } from "../../core/cancellable.ts";
import { run } from "../../core/run.ts";
import { select } from "../../flow/select.ts";
import { provideWorkerLink } from "../../web/workerLink.ts";
import { UsageError } from "../usageError.ts";
import { readServeArguments, type ServeOptions } from "./arguments.ts";
import { errorDetail } from "./errorLine.ts";
import { AppFailure } from "./loadApp.ts";
import { reportFolders } from "./moduleFolders.ts";
import { PrimaryLink } from "./primaryLink.ts";
import type { ServedApp, ServedServer } from "./servedApp.ts";
import { loadEnvFiles, startServing, urlOf } from "./startServing.ts";

/** Runs a worker to its end; returns the exit code. */
export async function runWorker(args: readonly string[]): Promise<number> {
  const { env } = process;
  const worker = Number(env["AMBIT_WORKER"]);
  const options = readServeArguments(args, env) as ServeOptions;
  const port = Number(env["AMBIT_PORT"] ?? options.port);
  const link = new PrimaryLink(worker, options.drainTimeout);
  provideWorkerLink(link);
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => link.retire("SIGTERM"));
  const how = { handleSignals: false, name: `worker ${worker}`, debug: options.debug };
  return run(() => work({ ...options, port }, link), how);
}

async function work(options: ServeOptions, link: PrimaryLink): Promise<number> {
  const server = await started(options, link);
  if (typeof server === "number") return server;
  link.send({ ambit: "ready", url: urlOf(server, options) });
  await untilAsked(server, link);
  await server.drain(link.drain);
  await link.leave();
  return 0;
}

/** A program may stop by itself, too: then another takes its place. */
async function untilAsked(server: ServedServer, link: PrimaryLink): Promise<void> {
  const asked = link.asked;
  await (server.stopped === undefined
    ? asked.wait()
    : select({ asked, stopped: cancellable(server.stopped()) }));
}

/** The server; or the exit code, when there is none. */
async function started(options: ServeOptions, link: PrimaryLink): Promise<ServedServer | number> {
  try {
    if (options.reload)
      reportFolders((folder) => link.send({ ambit: "folders", folders: [folder] }));
    loadEnvFiles(options.envFiles);
    const loaded = (app: ServedApp): void => replaceAfter(options.maxRequests, app, link);
    const start = (): Promise<ServedServer> => startServing(options, process.cwd(), loaded);
    const first = await select({ asked: link.asked, server: start });
    return first.name === "server" ? first.value : 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof AppFailure)) throw error;
    const detail = errorDetail(error.cause);
    link.send({ ambit: "failed", line: error.message, detail, usage: error instanceof UsageError });
    return 1;
  }
}

/** Asks for another in its place after that many answers, and up to a tenth more. */
function replaceAfter(maxRequests: number, app: ServedApp, link: PrimaryLink): void {
  if (maxRequests === Infinity) return;
  const limit = maxRequests + Math.floor((Math.random() * maxRequests) / 10);
  let answers = 0;
  app.onAnswer?.(() => {
    if (++answers === limit) link.retire(`it has answered ${limit} requests`);
  });
}
