/*
 * The kinds of queues, for tests of what they have in common.
 */
import { LifoQueue, PriorityQueue, Queue } from "ambit";

/** The name and the making of each. */
export const KINDS = [
  { kind: "Queue", make: (maxsize?: number) => new Queue<number>(maxsize) },
  { kind: "LifoQueue", make: (maxsize?: number) => new LifoQueue<number>(maxsize) },
  {
    kind: "PriorityQueue",
    make: (maxsize?: number) => new PriorityQueue<number>((a, b) => a - b, maxsize),
  },
];
