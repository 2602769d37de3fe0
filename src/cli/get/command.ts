/*
 * The command `ambit get`: help and mistakes are answered here, without a client in memory; all that
 * works is loaded when there is work.
 */
import type { Streams } from "../streams.ts";
import { readGetArguments } from "./arguments.ts";

/** Runs `ambit get`; returns the exit code. */
export async function getCommand(args: readonly string[], streams: Streams): Promise<number> {
  const options = readGetArguments(args);
  if (options === "help") {
    streams.out.write((await import("./help.ts")).getHelp());
    return 0;
  }
  return (await import("./program.ts")).runGet(options, args, streams);
}
