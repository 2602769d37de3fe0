/*
 * The numbers of a queue, and how it prints them.
 */

/** What `queue.statistics()` tells. */
export interface QueueStatistics {
  /** Items in the queue. */
  readonly size: number;
  /** How many it takes; 0 for any number. */
  readonly maxsize: number;
  /** How many wait to get. */
  readonly getting: number;
  /** How many wait to put. */
  readonly putting: number;
  /** How many wait in `join`. */
  readonly joining: number;
  /** Items that were put and not reported by `taskDone`. */
  readonly unfinished: number;
  /** True after `shutdown`. */
  readonly shutDown: boolean;
}

/** `Queue { size: 2, maxsize: 10, getting: 0, putting: 3 }`. @internal */
export function inWords(name: string, statistics: QueueStatistics): string {
  const { size, maxsize, getting, putting, shutDown } = statistics;
  const numbers = `size: ${size}, maxsize: ${maxsize}, getting: ${getting}, putting: ${putting}`;
  return `${name} { ${numbers}${shutDown ? ", shut down" : ""} }`;
}
