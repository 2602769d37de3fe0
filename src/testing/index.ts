/*
 * `ambit/testing`: programs in virtual time, under many schedules, cancelled at every point.
 */
export { cancelEverywhere, type CancelEverywhereOptions } from "./cancelEverywhere.ts";
export { DeadlockError } from "./deadlock.ts";
export { runVirtual, type VirtualOptions } from "./runVirtual.ts";
