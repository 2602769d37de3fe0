/**
 * Who ends a process: the task that waits for it, its block, its group, its run. Real processes in
 * real time: they are what is tested.
 */
import {
  allTasks,
  createTask,
  formatTaskTree,
  isCancelled,
  moveOnAfter,
  run,
  shield,
  sleep,
  taskGroup,
  timeout,
} from "ambit";
import {
  createSubprocessExec,
  createSubprocessShell,
  PIPE,
  type Process,
  STDOUT,
  type SubprocessOptions,
} from "ambit/subprocess";
import { runVirtual } from "ambit/testing";
import { afterEach, describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import {
  BLOCKED,
  childrenOf,
  eventually,
  isRunning,
  openDescriptors,
  signalled,
  STUBBORN,
  WINDOWS,
} from "./programs.ts";

const [KILLED, TERMINATED] = [signalled("SIGKILL"), signalled("SIGTERM")];

afterEach(() => {
  // A zombie would be in the list, too.
  const left = childrenOf(process.pid).filter((pid) => ours.has(pid));
  ours.clear();
  if (left.length > 0) throw new Error(`still there, or not reaped: ${left.join(" ")}`);
});

const ours = new Set<number>();

function note<P extends Process>(started: P): P {
  ours.add(started.pid);
  return started;
}

async function blocked(options: SubprocessOptions = {}): Promise<Process> {
  return note(await createSubprocessExec(...BLOCKED, options));
}

/** A process that ignores SIGTERM, and does so already. */
async function stubborn(options: SubprocessOptions = {}): Promise<Process> {
  const started = note(await createSubprocessShell(STUBBORN, { ...options, stdout: PIPE }));
  await started.stdout.readline();
  return started;
}

/** A shell with a child of its own, both blocked; gives the child's number too. */
async function family(options: SubprocessOptions = {}): Promise<[Process, number]> {
  const program = "sleep 3600 & echo $!; wait";
  const started = note(await createSubprocessShell(program, { ...options, stdout: PIPE }));
  return [started, Number(await started.stdout.readline())];
}

describe.skipIf(WINDOWS)("a cancel of who waits", () => {
  test.each(["wait", "communicate"] as const)(
    "of %s ends the process, and comes out when it is reaped",
    (how) =>
      run(async () => {
        const child = await blocked({ stdout: PIPE });
        const waiting = createTask<unknown>(() => child[how]());
        await sleep(1);
        waiting.cancel();
        expect(child.returncode).toBeNull();
        await expect(waiting).rejects.toThrow("was cancelled");
        expect(child.returncode).toBe(TERMINATED);
        expect(isRunning(child.pid)).toBe(false);
      }),
  );

  test("after the grace period kills a process that ignores SIGTERM", () =>
    run(async () => {
      const child = await stubborn({ grace: 60 });
      const started = performance.now();
      const { cancelledCaught } = await moveOnAfter(1, () => child.wait());
      expect(cancelledCaught).toBe(true);
      expect(performance.now() - started).toBeGreaterThan(59);
      expect(child.returncode).toBe(KILLED);
    }));

  test("with no grace kills at once", () =>
    run(async () => {
      const child = await stubborn({ grace: 0 });
      await moveOnAfter(1, () => child.wait());
      expect(child.returncode).toBe(KILLED);
    }));

  test("gives a process time to clean up, and reads on meanwhile", () =>
    run(async () => {
      // More than the pipe holds: it could not be written if nobody read.
      const program =
        "trap 'head -c 300000 /dev/zero; exit 3' TERM; echo ready >&2; while :; do sleep 0.01; done";
      const child = note(
        await createSubprocessShell(program, { stdout: PIPE, stderr: PIPE, limit: 1024 }),
      );
      await child.stderr.readline();
      await moveOnAfter(1, () => child.communicate());
      expect(child.returncode).toBe(3);
    }));

  test("of one of several ends it for all; who was not cancelled gets the code", () =>
    run(async () => {
      const child = await blocked();
      const [first, second] = [createTask(() => child.wait()), createTask(() => child.wait())];
      await sleep(1);
      first.cancel();
      await expect(first).rejects.toThrow("was cancelled");
      expect(await second).toBe(TERMINATED);
    }));

  test("a second cancel does not cut the clean-up short", () =>
    run(async () => {
      const child = await stubborn({ grace: 40 });
      const waiting = createTask(() => child.wait());
      await sleep(1);
      waiting.cancel("first");
      await sleep(5);
      waiting.cancel("second");
      await expect(waiting).rejects.toThrow("first");
      expect(child.returncode).toBe(KILLED);
    }));

  test("the end of the process beats a cancel that comes after it", () =>
    run(async () => {
      const child = note(await createSubprocessExec("true"));
      const waiting = createTask(() => child.wait());
      await eventually(() => child.returncode !== null);
      waiting.cancel();
      expect(await waiting).toBe(0);
    }));

  test("shield unties", () =>
    run(async () => {
      const child = await blocked();
      const { cancelledCaught } = await moveOnAfter(1, () => shield(() => child.wait()));
      expect(cancelledCaught).toBe(true);
      expect(isRunning(child.pid)).toBe(true);
      child.kill();
      expect(await child.wait()).toBe(KILLED);
    }));

  test("without killOnCancel only ends the wait (CPython: test_subprocess SubprocessMixin.test_cancel_process_wait)", () =>
    run(async () => {
      const child = await blocked({ killOnCancel: false, stdout: PIPE });
      for (const how of ["wait", "communicate"] as const) {
        const waiting = createTask<unknown>(() => child[how]());
        await sleep(1);
        waiting.cancel();
        await expect(waiting).rejects.toThrow("was cancelled");
      }
      expect(isRunning(child.pid)).toBe(true);
      child.kill();
      expect(await child.wait()).toBe(KILLED);
    }));

  test("without killOnCancel a cancelled read loses nothing of the output", () =>
    run(async () => {
      const child = note(
        await createSubprocessShell("echo early; read go; echo late", {
          stdin: PIPE,
          stdout: PIPE,
          killOnCancel: false,
        }),
      );
      const { cancelledCaught } = await moveOnAfter(40, () => child.stdout.read());
      expect(cancelledCaught).toBe(true);
      child.stdin.write("go\n");
      expect(String((await child.communicate())[0])).toBe("early\nlate\n");
    }));
});

describe.skipIf(WINDOWS)("a cancel while it starts", () => {
  const startings: [string, SubprocessOptions][] = [
    ["plain", { stdin: PIPE, stdout: PIPE }],
    ["with files", { stdin: "/dev/null", stdout: "/dev/null" }],
  ];

  test.each(startings)(
    "before the start nothing is started or left open, %s (CPython: test_subprocess SubprocessMixin.test_cancel_make_subprocess_transport_exec, SubprocessMixin.test_cancel_post_init)",
    (_, options) =>
      run(async () => {
        const before = openDescriptors();
        const children = childrenOf(process.pid);
        let started: Process | null = null;
        const creating = createTask(async () => {
          started = await createSubprocessExec(...BLOCKED, options);
          await started.wait();
        });
        creating.getLoop().callSoon(() => void creating.cancel());
        await expect(creating).rejects.toThrow("was cancelled");
        await eventually(() => openDescriptors() <= before);
        // It may have been started before the cancel came: then it was ended with its wait.
        expect((started as Process | null)?.returncode ?? TERMINATED).toBe(TERMINATED);
        expect(childrenOf(process.pid)).toEqual(children);
      }),
  );

  test("at every point of its way, also with one pipe for both outputs", () =>
    run(async () => {
      const before = openDescriptors();
      const children = childrenOf(process.pid);
      let cut = 0;
      for (let turns = 0; turns < 60; turns++) {
        const creating = createTask(async () => {
          const started = await createSubprocessExec("true", [], {
            stdin: "/dev/null",
            stdout: PIPE,
            stderr: STDOUT,
          });
          await started.communicate();
        });
        for (let turn = 0; turn < turns; turn++) await sleep(0);
        creating.cancel();
        await creating.then(null, (error: unknown) => isCancelled(error) && cut++);
        if (!creating.cancelled()) break;
      }
      expect(cut).toBeGreaterThan(0);
      await eventually(() => openDescriptors() <= before);
      expect(childrenOf(process.pid)).toEqual(children);
    }));

  test("a scope that is cancelled already starts nothing", () =>
    run(async () => {
      const creating = createTask(async () => {
        creating.cancel();
        await createSubprocessExec("/no/such/program");
      });
      // Not a SpawnError: the program was not even looked for.
      await expect(creating).rejects.toThrow("was cancelled");
    }));
});

describe.skipIf(WINDOWS)("the end of a block, a group, a run", () => {
  test("await using ends the process, whatever ended the block", () =>
    run(async () => {
      let child: Process | null = null;
      const failed = (async () => {
        await using started = await blocked({ stdin: PIPE });
        child = started;
        throw new RangeError("of the block");
      })();
      await expect(failed).rejects.toThrow("of the block");
      expect((child as Process | null)?.returncode).toBe(TERMINATED);
    }));

  test("a group ends it after its last child, who may use it to the end, and before it returns", () =>
    run(async () => {
      const child = await taskGroup(async (group) => {
        const cat = note(await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE }));
        group.spawn(async () => {
          try {
            await sleep(5);
          } finally {
            cat.stdin.write("used\n");
            expect(String(await cat.stdout.readline())).toBe("used\n");
          }
        });
        return cat;
      });
      expect(child.returncode).toBe(TERMINATED);
    }));

  test("so does one that is cancelled, and its children can still say goodbye to the process", () =>
    run(async () => {
      let child: Process | null = null;
      const log: string[] = [];
      const working = createTask(() =>
        taskGroup(async () => {
          const cat = note(await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE }));
          child = cat;
          try {
            await sleep(60_000);
          } finally {
            cat.stdin.write("quit\n");
            log.push(String(await cat.stdout.readline()));
          }
        }),
      );
      await eventually(() => child !== null);
      working.cancel();
      await expect(working).rejects.toThrow("was cancelled");
      expect(log).toEqual(["quit\n"]);
      expect((child as Process | null)?.returncode).toBe(TERMINATED);
    }));

  test("one that a child of the group started belongs to the group; the nearest group counts", () =>
    run(async () => {
      let [inner, outer]: (Process | null)[] = [null, null];
      await taskGroup(async (group) => {
        outer = await group.spawn(() => blocked());
        await taskGroup(async (nested) => {
          inner = await nested.spawn(() => timeout(60_000, () => blocked()));
        });
        expect(inner?.returncode).toBe(TERMINATED);
        expect(isRunning(outer.pid)).toBe(true);
      });
      expect((outer as Process | null)?.returncode).toBe(TERMINATED);
    }));

  test("a child that is spawned while a group ends its processes is waited for, and its process ended", () =>
    run(async () => {
      const started: Process[] = [];
      await taskGroup(async (group) => {
        await stubborn({ grace: 80 });
        createTask(async () => {
          await sleep(20);
          group.spawn(async () => {
            const late = await blocked();
            await sleep(100);
            started.push(late);
          });
        });
      });
      expect(started.map(({ returncode }) => returncode)).toEqual([TERMINATED]);
    }));

  test("a cancel that comes while a group closes is delivered, after that", () =>
    run(async () => {
      let child: Process | null = null;
      const working = createTask(async () => {
        await taskGroup(async () => {
          child = await stubborn({ grace: 60 });
        });
        await sleep(60_000);
      });
      await eventually(() => child !== null);
      await sleep(20);
      working.cancel();
      await expect(working).rejects.toThrow("was cancelled");
      expect((child as Process | null)?.returncode).toBe(KILLED);
    }));

  test("createTask leads out of the group: what such a task starts belongs to the run", () =>
    run(async () => {
      const child = await taskGroup(async () => createTask(() => blocked()));
      expect(isRunning(child.pid)).toBe(true);
    }));

  test("without killOnCancel neither group nor run end it", async () => {
    const child = await run(() => taskGroup(() => blocked({ killOnCancel: false })));
    expect(isRunning(child.pid)).toBe(true);
    await child[Symbol.asyncDispose]();
    expect(child.returncode).toBe(TERMINATED);
  });

  test("a run ends what is left, after its tasks, and closes the pipes", async () => {
    const before = openDescriptors();
    const [child, unread] = await run(async () => {
      const pair = [
        await blocked(),
        note(
          await createSubprocessShell("exec 2>/dev/null; head -c 400000 /dev/zero", {
            stdout: PIPE,
          }),
        ),
      ];
      await sleep(20);
      return pair as [Process, Process];
    });
    expect(child.returncode).toBe(TERMINATED);
    expect(unread.returncode).not.toBeNull();
    await run(() => eventually(() => openDescriptors() <= before));
  });

  test("a process that has ended and whose pipes are closed is not kept", () =>
    run(async () => {
      const child = note(await createSubprocessExec("true", [], { stdout: PIPE }));
      await child.communicate();
      expect(allTasks()).toHaveLength(1);
    }));
});

describe.skipIf(WINDOWS)("a whole process group", () => {
  test("is ended by a cancel with killGroup", () =>
    run(async () => {
      const [child, grandchild] = await family({ killGroup: true });
      await moveOnAfter(1, () => child.wait());
      expect(child.returncode).toBe(TERMINATED);
      expect(isRunning(grandchild)).toBe(false);
    }));

  test("also where only the child itself obeys SIGTERM: the rest is killed after the grace period", () =>
    run(async () => {
      const program = "(trap '' TERM; sh -c 'echo $PPID'; while :; do sleep 0.02; done) & wait";
      const child = note(
        await createSubprocessShell(program, { stdout: PIPE, killGroup: true, grace: 80 }),
      );
      const deaf = Number(await child.stdout.readline());
      expect(isRunning(deaf)).toBe(true);
      await child[Symbol.asyncDispose]();
      expect(child.returncode).toBe(TERMINATED);
      await eventually(() => !isRunning(deaf));
    }));

  test("has the grace period as a whole: members clean up after the child itself has gone", () =>
    run(async () => {
      const cleaning = "trap 'sleep 0.06; echo cleaned >&2; exit' TERM; echo ready";
      const program = `(${cleaning}; while :; do sleep 0.01; done) & wait`;
      const child = note(
        await createSubprocessShell(program, { stdout: PIPE, stderr: PIPE, killGroup: true }),
      );
      await child.stdout.readline();
      await moveOnAfter(1, () => child.wait());
      expect(child.returncode).toBe(TERMINATED);
      expect(String(await child.stderr.read())).toContain("cleaned");
    }));

  test("is ended too where the child itself has ended before", () =>
    run(async () => {
      const child = note(
        await createSubprocessShell("sleep 3600 & echo $!", { stdout: PIPE, killGroup: true }),
      );
      const left = Number(await child.stdout.readline());
      expect(await child.wait()).toBe(0);
      expect(isRunning(left)).toBe(true);
      expect(child.terminate()).toBe(true);
      await eventually(() => !isRunning(left));
      await child[Symbol.asyncDispose]();
    }));

  test("is left alone without killGroup", () =>
    run(async () => {
      const [child, grandchild] = await family({ processGroup: true });
      await moveOnAfter(1, () => child.wait());
      expect(isRunning(grandchild)).toBe(true);
      process.kill(grandchild, "SIGKILL");
    }));
});

describe.skipIf(WINDOWS)("whole programs", () => {
  test("SIGTERM ends the process that main waits for", async () => {
    const source = `
      import { run } from "ambit";
      import { createSubprocessExec } from "ambit/subprocess";
      await run(async () => {
        const child = await createSubprocessExec("sleep", ["3600"]);
        console.log(child.pid);
        try {
          await child.wait();
        } finally {
          console.log("returned " + child.returncode);
        }
      });
    `;
    const { code, out, err } = await runProgram(source, { on: { "\n": "SIGTERM" } });
    expect({ code, out: out.split("\n")[1], err }).toEqual({
      code: 143,
      out: "returned -15",
      err: "",
    });
    expect(isRunning(Number.parseInt(out, 10))).toBe(false);
  });

  test("Node does not wait for a process that the run let go", async () => {
    const source = `
      import { run } from "ambit";
      import { createSubprocessExec, PIPE, DEVNULL } from "ambit/subprocess";
      await run(async () => {
        const child = await createSubprocessExec("sleep", ["3600"], {
          killOnCancel: false, stdin: PIPE, stdout: PIPE, stderr: DEVNULL,
        });
        console.log(child.pid);
      });
    `;
    const { code, out } = await runProgram(source);
    expect(code).toBe(0);
    expect(isRunning(Number(out))).toBe(true);
    process.kill(Number(out), "SIGKILL");
  });
});

test.skipIf(WINDOWS)("a wait that an unread pipe holds up says so in the report", async () => {
  const shown: string[] = [];
  await run(async () => {
    const child = note(
      await createSubprocessShell("exec 2>/dev/null; head -c 4000000 /dev/zero", {
        stdout: PIPE,
        limit: 1000,
      }),
    );
    const waiting = createTask(() => child.wait(), { name: "waiter" });
    await eventually(() => child.stdout.bufferedBytes > 2000);
    shown.push(formatTaskTree());
    waiting.cancel();
    await waiting.then(null, () => {});
  });
  expect(shown[0]).toMatch(
    /waiter {2}Process\.wait\(<Process '\/bin\/sh' pid=\d+ running unread: stdout=\d+>\)/,
  );
});

test.skipIf(WINDOWS)(
  "virtual time stands still for a process, so a deadline in it never comes first",
  async () => {
    const outcome = await runVirtual(async () => {
      const child = note(await createSubprocessExec("sleep", ["0.05"]));
      return timeout(10, () => child.wait());
    }).catch((error: unknown) => error);
    expect(outcome).toBe(0);
  },
);
