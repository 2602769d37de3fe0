/*
 * Failures that nobody has looked at.
 *
 * The problem: Node ends the process for a rejection that is handled a turn too late; asyncio waits until the future
 * is gone. Strategy: a task or future that fails with nobody waiting is recorded here; looking at its outcome takes the
 * record away. What is left is reported once, through the loop's exception handler: when the object is collected, when
 * its runner ends, or when the process exits. The record holds the error and a name, never the object itself.
 */
import type { Context } from "./context.ts";
import type { FrameCallGraphEntry } from "./frames.ts";
import type { Loop } from "./loop.ts";
import { frameLines, placeField } from "./places.ts";
import { callInContext } from "./scope.ts";

interface Unretrieved {
  readonly what: string;
  readonly error: unknown;
  readonly runner: object;
  readonly loop: Loop;
  /** Where it was created; known in debug mode only. */
  readonly created: readonly FrameCallGraphEntry[];
  /** The context variables of a task: the exception handler sees them. */
  readonly context: Context | null;
}

/** For who does not know what failed there. */
const HINT = "(AMBIT_DEBUG=1 tells where it was created)";

const open = new Set<Unretrieved>();
const records = new WeakMap<object, Unretrieved>();
let collected: FinalizationRegistry<Unretrieved> | null = null;

function report(record: Unretrieved): void {
  if (!open.delete(record)) return;
  if (record.context === null) tell(record);
  else callInContext(record.context, () => tell(record));
}

function tell({ loop, what, error, created }: Unretrieved): void {
  const where = frameLines(`${what} was created`, created);
  loop.callExceptionHandler({
    message: `${what} failed and nobody looked at its exception`,
    exception: error,
    ...placeField("createdAt", created),
    details: where.length === 0 ? HINT : where.join("\n"),
  });
}

function begin(): FinalizationRegistry<Unretrieved> {
  process.on("exit", () => reportUnretrieved(null));
  return new FinalizationRegistry(report);
}

/** Records a failure until somebody retrieves it. @internal */
export function recordUnretrieved(failed: object, record: Unretrieved): void {
  collected ??= begin();
  open.add(record);
  records.set(failed, record);
  collected.register(failed, record, failed);
}

/** Somebody looked at it. @internal */
export function retrieved(failed: object): void {
  const record = records.get(failed);
  if (record !== undefined && open.delete(record)) collected?.unregister(failed);
}

/** Reports what is still open of one runner, or of all. @internal */
export function reportUnretrieved(runner: object | null): void {
  for (const record of open) {
    if (runner === null || record.runner === runner) report(record);
  }
}
