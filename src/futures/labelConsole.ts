/*
 * labelConsole: whose line it is that a worker prints.
 *
 * Strategy: asked for, never by itself: who reads a worker's output as data gets what was printed. The functions of
 * `console` that print a line get a label before it; the others print by them, so `table`, `group`, `count` and `trace`
 * have it, too.
 * Limits: what is written to `process.stdout` and `stderr` directly is as it was; of several lines the first has the label.
 */
import { currentCall, workerName } from "./currentCall.ts";

const PRINTING = ["debug", "error", "info", "log", "warn"] as const;

let labelled = false;

/**
 * Has the lines that this worker prints by `console` begin with the worker's name, the function that it runs, and the task
 * that has submitted the call: `[ThreadPoolExecutor-0_1, hash for 'upload 17'] …`. For all that a call prints, its child
 * tasks included; a line that belongs to no call has the worker's name alone.
 *
 * It is made to be the `initializer` of a pool, or to be called by it. Called again, or outside of a worker, it does nothing.
 *
 * @example
 * ```ts
 * import { labelConsole, ThreadPoolExecutor } from "ambit/futures";
 *
 * await using pool = new ThreadPoolExecutor({ initializer: labelConsole });
 * ```
 */
export function labelConsole(): void {
  if (labelled || workerName() === null) return;
  labelled = true;
  for (const name of PRINTING) {
    const print = console[name].bind(console);
    console[name] = (...args: readonly unknown[]) => print(...withLabel(args));
  }
}

function withLabel(args: readonly unknown[]): unknown[] {
  const label = `[${labelOf()}]`;
  if (args.length === 0) return [label];
  const [first, ...rest] = args;
  // A text with others behind it is a format, in which the label must mean itself.
  if (typeof first !== "string") return [escaped(label), first, ...rest];
  return [`${rest.length === 0 ? label : escaped(label)} ${first}`, ...rest];
}

function escaped(label: string): string {
  return label.replaceAll("%", "%%");
}

function labelOf(): string {
  const call = currentCall();
  if (call === null) return workerName() ?? "";
  const { worker, name, caller } = call;
  return caller === null ? `${worker}, ${name}` : `${worker}, ${name} for '${caller}'`;
}
