/*
 * Debug mode has nothing to say of tasks that these cancel because they lost: that they end is what was asked of them.
 */
import {
  any,
  Event,
  getRunningLoop,
  joiners,
  race,
  select,
  sleep,
  staggeredRace,
  taskGroup,
} from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

const slow = (): Promise<string> => sleep(1000, "slow");
const fast = (): Promise<string> => sleep(1, "fast");

test.each<[string, () => PromiseLike<unknown>]>([
  ["race", () => race([slow, fast])],
  ["any", () => any([slow, fast])],
  ["staggeredRace", () => staggeredRace([slow, fast], { delay: 5 })],
  ["select", () => select({ never: new Event(), slow, fast })],
  [
    "a joiner",
    () =>
      taskGroup((group) => [slow, fast].map((each) => group.spawn(each)), {
        joiner: joiners.any<string>(),
      }),
  ],
  [
    "group.cancel",
    () =>
      taskGroup(async (group) => {
        group.spawn(slow);
        await fast();
        group.cancel();
      }),
  ],
])("%s ends its losers without a report", async (_what, work) => {
  const reports: string[] = [];
  await runVirtual(
    async () => {
      getRunningLoop().setExceptionHandler(({ message }) => reports.push(message));
      await work();
      await sleep(1);
    },
    { debug: true },
  );
  // A busy machine makes any step slow.
  expect(reports.filter((message) => !message.includes("held the loop"))).toEqual([]);
});
