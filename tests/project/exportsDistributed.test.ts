/**
 * The names that `ambit/distributed` exports. A new name, or one that went, shows here, and with it in the
 * review.
 */
import { expect, test } from "vitest";
import { exportedNames } from "./exportedNames.ts";

test("ambit/distributed exports these names", () => {
  expect(exportedNames("src/distributed/index.ts")).toMatchInlineSnapshot(`
    [
      "type BackoffOptions",
      "CallDeadlineError",
      "CallLostError",
      "type CallOptions",
      "currentCall",
      "type CurrentCall",
      "type DistributedCallEvent",
      "DistributedConnectionError",
      "DistributedError",
      "DistributedExecutor",
      "type DistributedOptions",
      "type DistributedRunEvent",
      "type DistributedSubmitEvent",
      "DistributedWorker",
      "type DistributedWorkerOptions",
      "type DistributedWorkerStatistics",
      "NoWorkersError",
      "PayloadTooLargeError",
      "type QueueStatistics",
      "reportProgress",
      "task",
      "type TaskSettings",
      "TaskVersionError",
      "UnknownTaskError",
      "UnregisteredTaskError",
    ]
  `);
});
