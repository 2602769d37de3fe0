/*
 * SIGHUP has two meanings: the terminal has gone, and "start anew". Which of them it is, the terminal tells.
 */
import { closeSync, openSync } from "node:fs";

/** Whether the process belongs to a terminal; false once that has hung up. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r"));
    return true;
  } catch {
    return false;
  }
}
