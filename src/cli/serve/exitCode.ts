/*
 * The exit code of a program that a signal has ended.
 */
import { constants } from "node:os";

/** 130 for SIGINT, 143 for SIGTERM. */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
