/*
 * A program in debug mode and virtual time, in which no step is too slow.
 */
import { getRunningLoop } from "ambit";
import { runVirtual } from "ambit/testing";

/** Runs the body so. */
export function debug<T>(body: () => Promise<T>): Promise<T> {
  return runVirtual(
    () => {
      getRunningLoop().slowCallbackDuration = Infinity;
      return body();
    },
    { debug: true },
  );
}
