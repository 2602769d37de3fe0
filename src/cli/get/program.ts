/*
 * `ambit get` as a program: looks through what it is to get, then gets it, as the main task of the
 * process. The first Ctrl-C cancels that task, and everything in it closes itself; `run` sees to
 * the exit code, and to the second Ctrl-C.
 */
import { isCancelled } from "../../core/errors.ts";
import { run } from "../../core/run.ts";
import type { Streams } from "../streams.ts";
import { UsageError } from "../usageError.ts";
import type { GetOptions } from "./arguments.ts";
import { ChecksumFile } from "./checksumFile.ts";
import { dryRun } from "./dryRun.ts";
import { ListError } from "./listItem.ts";
import { Lists } from "./lists.ts";
import { lookThrough } from "./lookThrough.ts";
import { Planner } from "./plan.ts";
import { WorkersError } from "./spread/workersError.ts";

/**
 * Runs it to its end; returns the exit code.
 *
 * @param args as they were typed, for the command that goes on
 * @throws {@link UsageError} when a list makes no sense; nothing has been done then
 */
export async function runGet(
  options: GetOptions,
  args: readonly string[],
  streams: Streams,
): Promise<number> {
  try {
    return await run(() => get(options, args, streams), { name: "ambit get" });
  } catch (error) {
    if (error instanceof ListError) throw new UsageError(error.message);
    if (isCancelled(error)) return Number(process.exitCode ?? 130);
    if (error instanceof WorkersError) {
      streams.err.write(`ambit get: ${error.message}\n`);
      return 4;
    }
    // The file system's: a jar of cookies that cannot be saved, a journal that cannot be removed.
    if (!(error instanceof Error && "syscall" in error)) throw error;
    streams.err.write(`ambit get: ${error.message}\n`);
    return 3;
  }
}

async function get(
  options: GetOptions,
  args: readonly string[],
  streams: Streams,
): Promise<number> {
  const { checksums } = options;
  const sums = checksums === undefined ? null : new ChecksumFile(checksums);
  const lists = new Lists(options, streams);
  const planner = (): Planner => new Planner(options, sums);
  const total = await lookThrough(lists, planner);
  if (options.dryRun) return dryRun(options, lists, planner(), streams);
  const { Download } = await import("./download.ts");
  return new Download(options, args, streams, { lists, planner: planner(), total }).go();
}
