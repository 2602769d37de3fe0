/*
 * `ambit/testing`: programs in virtual time, under many schedules, cancelled at every point.
 */
export { cancelEverywhere, type CancelEverywhereOptions } from "./cancelEverywhere.ts";
export { checkStreamPair, StreamCheckError, type StreamCheckOptions } from "./checkStreamPair.ts";
export { DeadlockError } from "./deadlock.ts";
export { NondeterminismError } from "./exploration.ts";
export { exploreSchedules, type Exploration, type ExploreOptions } from "./exploreSchedules.ts";
export { leakCheck, type LeakHooks } from "./leakCheck.ts";
export { LeakError, type LeakOptions } from "./leaks.ts";
export { LivelockError, TimeLimitError } from "./limits.ts";
export { memoryStreamPair, type MemoryStreamOptions } from "./memoryStreamPair.ts";
export { type LinkOptions } from "./network/link.ts";
export { HostDownError, type SimulatedHost } from "./network/simulatedHost.ts";
export {
  type Direction,
  type HostLike,
  type NetworkOptions,
  type SimulatedNetwork,
  simulateNetwork,
} from "./network/simulateNetwork.ts";
export { type Deviation, type Replay, ReplayMismatchError } from "./replay.ts";
export { runSeeds, type SeedsOptions, type SeedsResult } from "./runSeeds.ts";
export { runVirtual, type VirtualOptions } from "./runVirtual.ts";
export { ScheduleFailure } from "./scheduleFailure.ts";
export { SequenceError, Sequencer } from "./sequencer.ts";
export { type StreamPair } from "./streamChecks.ts";
export { advance, currentTime, NotVirtualError, runUntilIdle } from "./virtualTime.ts";
export { waitAllTasksBlocked } from "./waitAllTasksBlocked.ts";
