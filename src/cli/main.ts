#!/usr/bin/env node
/**
 * The bin `ambit`: hands the process's arguments and outputs to the command line, and its answer to
 * the exit code.
 */
import { runCommandLine } from "./commandLine.ts";

process.exitCode = runCommandLine(process.argv.slice(2), process.stdout, process.stderr);
