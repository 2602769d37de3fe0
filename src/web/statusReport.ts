/*
 * StatusReport: what the workers have counted, and all of it together.
 */
import type { WorkerCounters, WorkerReport } from "./workerLink.ts";

/** What can be added up. */
export type CounterTotal = Omit<WorkerCounters, "pid" | "uptime" | "load" | "loopLag">;

/** How an application is, in all of its processes. */
export interface StatusReport {
  readonly name: string;
  /** When it was asked for, as ISO 8601. */
  readonly time: string;
  readonly workers: readonly WorkerReport[];
  readonly total: CounterTotal;
}

/** @internal */
export function statusReport(
  name: string,
  time: number,
  workers: readonly WorkerReport[],
): StatusReport {
  return { name, time: new Date(time).toISOString(), workers, total: totalOf(workers) };
}

function totalOf(workers: readonly WorkerReport[]): CounterTotal {
  const all = workers.flatMap(({ counters }) => counters ?? []);
  const sum = (name: Exclude<keyof CounterTotal, "statuses">): number =>
    all.reduce((total, each) => total + each[name], 0);
  const statuses: Record<string, number> = {};
  for (const { statuses: some } of all)
    for (const [name, count] of Object.entries(some))
      statuses[name] = (statuses[name] ?? 0) + count;
  return {
    requests: sum("requests"),
    inFlight: sum("inFlight"),
    connections: sum("connections"),
    statuses,
    errors: sum("errors"),
    bytesSent: sum("bytesSent"),
    memory: sum("memory"),
  };
}
