/*
 * All operations, by name.
 */
import type { Op } from "../op.ts";
import { flowOps } from "./flow.ts";
import { callbackOps, contextOps, futureOps } from "./futures.ts";
import { joiningOps } from "./joining.ts";
import { queueOps } from "./queues.ts";
import { barrierOps, conditionOps, lockOps, semaphoreOps } from "./sync.ts";
import { groupOps, taskOps } from "./tasks.ts";
import { timeOps } from "./time.ts";

export const OPS: ReadonlyMap<string, Op> = new Map(
  [
    ...flowOps,
    ...timeOps,
    ...taskOps,
    ...groupOps,
    ...futureOps,
    ...callbackOps,
    ...contextOps,
    ...joiningOps,
    ...lockOps,
    ...conditionOps,
    ...semaphoreOps,
    ...barrierOps,
    ...queueOps,
  ].map((op) => [op.name, op]),
);

export function opOf(name: string): Op {
  const op = OPS.get(name);
  if (op === undefined) throw new RangeError(`Expected \`op\` to be an operation, got \`${name}\``);
  return op;
}
