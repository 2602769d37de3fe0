/*
 * suppressedErrors: each error that came later once, however many ways it came.
 */
import { sleep, suppressedErrors, taskGroup } from "ambit";
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

const thrownBy = (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => new Error("nothing was thrown"),
    (error: Error) => error,
  );

test("a body that awaits the child that failed does not attach the error to itself", async () => {
  await runVirtual(async () => {
    const error = await thrownBy(
      taskGroup(async (group) => {
        await group.spawn(() => {
          throw new Error("once");
        });
      }),
    );
    expect([error.message, suppressedErrors(error)]).toEqual(["once", []]);
  });
});

test("a group around keeps what a group inside has attached", async () => {
  await runVirtual(async () => {
    const [first, second, third] = [new Error("first"), new Error("second"), new Error("third")];
    const error = await thrownBy(
      taskGroup(async (outer) => {
        outer.spawn(() =>
          taskGroup((inner) => {
            for (const each of [first, second]) inner.spawn(() => Promise.reject(each));
          }),
        );
        await sleep(1000).catch(() => {
          throw third;
        });
      }),
    );
    expect(error).toBe(first);
    expect(suppressedErrors(error)).toEqual([second, third]);
  });
});
