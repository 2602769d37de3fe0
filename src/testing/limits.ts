/*
 * What a run in virtual time fails with when it goes on too long: in virtual time, or without any time passing.
 */

/** Thrown by `runVirtual` when the program would go on past its `timeLimit`. */
export class TimeLimitError extends Error {
  override readonly name = "TimeLimitError";
  /** The limit, in milliseconds of virtual time. */
  readonly timeLimit: number;

  /** @internal */
  constructor(timeLimit: number, next: number, tree: string) {
    super(
      `the program has not ended within ${timeLimit} ms of virtual time; its next timer is due at ${next} ms\n${tree}`,
    );
    this.timeLimit = timeLimit;
  }
}

/** Thrown by `runVirtual` when tasks keep each other busy and time never moves. */
export class LivelockError extends Error {
  override readonly name = "LivelockError";
  /** How many steps ran at one instant. */
  readonly steps: number;

  /** @internal */
  constructor(steps: number, time: number, busiest: string, tree: string) {
    super(
      `${steps} steps ran at ${time} ms of virtual time and it does not move: something loops without ` +
        `sleeping. Busiest of late: ${busiest}\n${tree}`,
    );
    this.steps = steps;
  }
}
