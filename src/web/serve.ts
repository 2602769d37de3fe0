/*
 * Serving until a signal comes.
 *
 * The first SIGTERM or SIGINT has the application drain; the second ends the process at once, as it does in `run`. While
 * this waits the signals are its own: `run` leaves them alone.
 */
import { constants } from "node:os";
import { claimSignal } from "../core/signals.ts";
import type { RunningApplication } from "./runningApplication.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** @internal */
export async function serveUntilSignal(running: RunningApplication): Promise<void> {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(128 + constants.signals[signal]);
    asked = true;
    void running.drain();
  };
  const unclaim = SIGNALS.map(claimSignal);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    await running.stopped();
  } finally {
    try {
      await running.close();
    } finally {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      for (const release of unclaim) release();
    }
  }
}
