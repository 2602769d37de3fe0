/*
 * The command `ambit serve`: help and mistakes are answered here; what serves is loaded when there is something to serve.
 */
import type { Streams } from "../streams.ts";
import { readServeArguments } from "./arguments.ts";
import { modulePath } from "./loadApp.ts";

/** Runs `ambit serve`; returns the exit code. */
export async function serveCommand(args: readonly string[], streams: Streams): Promise<number> {
  const options = readServeArguments(args, streams.env);
  if (options === "help") {
    streams.out.write((await import("./help.ts")).serveHelp());
    return 0;
  }
  modulePath(options.target, process.cwd());
  if (options.workers > 0)
    return (await import("./supervised.ts")).serveSupervised(options, args, streams);
  const code = await (await import("./alone.ts")).serveAlone(options, streams);
  // The program may have left timers and pools open: its end is the process's. Tests have streams of their own.
  if (streams.out === process.stdout) process.exit(code);
  return code;
}
