/*
 * From the options to an application that listens: the same in a worker as in a process that serves by itself.
 */
import { UsageError } from "../usageError.ts";
import type { AccessLogMode, ServeOptions } from "./arguments.ts";
import { errorLine } from "./errorLine.ts";
import { AppFailure, loadApp } from "./loadApp.ts";
import type { ServedApp, ServedServer, StartOptions } from "./servedApp.ts";
import { readTlsFiles } from "./tlsFiles.ts";

/**
 * How long idle connections stay open once the program is to stop, in milliseconds: clients that are busy send their next
 * request within that, and are told by its answer, not by a connection that breaks under it.
 */
export const IDLE_GRACE = 1000;

/**
 * Loads the program and has it listen.
 *
 * **Cancellation:** what was begun is ended.
 *
 * @param loaded told of the application before it starts
 * @throws {@link UsageError} when the command line is to blame
 * @throws {@link AppFailure} when the program is
 */
export async function startServing(
  options: ServeOptions,
  folder: string,
  loaded: (app: ServedApp) => void,
): Promise<ServedServer> {
  const start = await startOptions(options);
  const app = await loadApp(options.target, folder);
  loaded(app);
  try {
    if (options.debug) app.debug = true;
    await logAnswers(app, options.accessLog);
    return await app.start(start);
  } catch (error) {
    if (isHostTrouble(error, options))
      throw new UsageError(`--host ${options.host}: ${error.message}`);
    const where = options.unix ?? `${options.host}:${options.port}`;
    throw new AppFailure(
      `${options.target.path} does not start on ${where}: ${errorLine(error, folder)}`,
      {
        cause: error,
      },
    );
  }
}

/** Whether there is no such host, or it is none of this machine: not the program's failure. */
function isHostTrouble(error: unknown, { host, unix }: ServeOptions): error is Error {
  if (!(error instanceof Error) || unix !== undefined) return false;
  const { code, hostname, address } = error as {
    readonly code?: string;
    readonly hostname?: string;
    readonly address?: string;
  };
  return hostname === host || (code === "EADDRNOTAVAIL" && address === host);
}

async function logAnswers(app: ServedApp, mode: AccessLogMode): Promise<void> {
  if (mode === "off") return;
  const { accessLog } = await import("../../web/accessLog.ts");
  app.onAnswer?.(mode === "auto" ? accessLog() : accessLog({ format: mode }));
}

async function startOptions({ host, port, unix, tls }: ServeOptions): Promise<StartOptions> {
  const where = unix === undefined ? { host, port } : { path: unix };
  return tls === undefined ? where : { ...where, tls: await readTlsFiles(tls) };
}

/** Where it can be reached. */
export function urlOf(server: ServedServer, { unix }: ServeOptions): string {
  return unix === undefined ? server.url : `unix:${unix}`;
}

/**
 * Sets what is in the files, where it is not set already; what comes first wins.
 * @throws {@link UsageError} when there is no such file
 */
export function loadEnvFiles(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      process.loadEnvFile(path);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      throw new UsageError(`--env ${path}: ${missing ? "there is no such file" : error.message}`);
    }
  }
}
