#!/usr/bin/env node
/**
 * The bin `ambit`: hands the process's arguments and outputs to the command line, and its answer to
 * the exit code.
 *
 * All that it needs is loaded after the compile cache is on (Node.js 22.1 and newer), so that the
 * second start compiles nothing.
 */
import { enableCompileCache } from "./compileCache.ts";

enableCompileCache();
const [{ runCommandLine }, { processStreams }] = await Promise.all([
  import("./commandLine.ts"),
  import("./streams.ts"),
]);
const code = await runCommandLine(process.argv.slice(2), processStreams());
// A program that a signal ended has its code already.
process.exitCode ??= code;
