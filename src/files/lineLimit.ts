/*
 * LineLimit: how long a line may be, and what is said of one that is longer.
 */
import { LimitOverrunError } from "../streams/errors.ts";

/** @internal */
export class LineLimit {
  /** Without the end of the line. */
  readonly most: number;
  readonly #unit: string;
  readonly #file: string;

  /** @param unit what is counted @param file that errors name */
  constructor(most: number, unit: "bytes" | "characters", file: string) {
    this.most = most;
    this.#unit = unit;
    this.#file = file;
  }

  /** @param position where in the file the line begins */
  overrun(position: number): LimitOverrunError {
    const line = `the line at byte ${position} of '${this.#file}'`;
    const advice = "read it in parts with read(count), or raise the limit";
    const limit = `maxLineLength, ${this.most} ${this.#unit}`;
    return new LimitOverrunError(`${line} is longer than ${limit}: ${advice}`, this.most);
  }
}
