/**
 * fileLock: between tasks, between real processes, and with what crashed ones leave behind.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { inspect } from "node:util";
import {
  CancelledError,
  CancelScope,
  createTask,
  moveOnAfter,
  run,
  sleep,
  TimeoutError,
} from "ambit";
import { fileLock, FileLockLostError, FileLockTimeoutError } from "ambit/files";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { folders, WINDOWS } from "./folder.ts";
import { withPatched } from "./patchedFs.ts";

const fresh = folders();
const ROOT = join(import.meta.dirname, "../..");

/** A process that runs until it is killed. */
class Living {
  readonly child: ChildProcess;
  #out = "";

  constructor(source: string) {
    this.child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#out += text));
  }

  /** Waits until it has said so. */
  async said(word: string): Promise<void> {
    while (!this.#out.includes(word)) await sleep(2);
  }

  async kill(): Promise<void> {
    const closed = once(this.child, "close");
    this.child.kill("SIGKILL");
    await closed;
  }
}

function holder(lock: string, options: object = {}): string {
  return `
    import { fileLock } from "ambit/files";
    const lock = await fileLock(${JSON.stringify(lock)}, ${JSON.stringify(options)});
    console.log("held");
    setInterval(() => {}, 60_000);
  `;
}

/** The entry of a holder on another machine, or of a process that is none of ours. */
function entryOf(changes: { pid?: number; started?: string; place?: string }, own: string): string {
  const fields = { ...changes, token: "0123456789abcdef0123" };
  return Object.entries(fields).reduce(
    (text, [name, value]) => text.replace(new RegExp(`${name}=\\S+`), `${name}=${value}`),
    own,
  );
}

async function ownEntry(): Promise<string> {
  const path = fresh("lock");
  await using lock = await fileLock(path);
  return readlinkSync(join(lock.path, "exclusive"));
}

describe("in one process", () => {
  test("one holds it at a time, and nothing is left afterwards", async () => {
    const path = fresh("lock");
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      await using lock = await fileLock(path);
      most = Math.max(most, ++inside);
      expect(lock.held).toBe(true);
      await sleep(1);
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, work));
    expect(most).toBe(1);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test("those who share it hold it together, and not with one who doesn't", async () => {
    const path = fresh("lock");
    const readers = await Promise.all([1, 2, 3].map(() => fileLock(path, { shared: true })));
    await expect(fileLock(path, { timeout: 5 })).rejects.toThrow(FileLockTimeoutError);
    for (const reader of readers) await reader.release();
    await using writer = await fileLock(path, { timeout: 0 });
    await expect(fileLock(path, { shared: true, timeout: 0 })).rejects.toThrow(
      FileLockTimeoutError,
    );
    expect(writer.shared).toBe(false);
  });

  test("one who waits for it alone comes before those who come later to share it", async () => {
    const path = fresh("lock");
    const reader = await fileLock(path, { shared: true });
    const order: string[] = [];
    const writer = createTask(async () => {
      await using lock = await fileLock(path);
      order.push(`writer ${lock.held}`);
    });
    while (!readdirSync(path).includes("exclusive")) await sleep(1);
    const late = createTask(async () => {
      await using lock = await fileLock(path, { shared: true });
      order.push(`reader ${lock.held}`);
    });
    await sleep(20);
    expect(order).toEqual([]);
    await reader.release();
    await Promise.all([writer, late]);
    expect(order).toEqual(["writer true", "reader true"]);
  });

  test("says who has it when the time is up", async () => {
    const path = fresh("lock");
    await using lock = await fileLock(path);
    const error: unknown = await fileLock(path, { timeout: 3 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ path, pid: process.pid, deadlineMs: 3 });
    expect(String(error)).toBe(
      `FileLockTimeoutError: the lock ${path} is held by process ${process.pid}, still after 3 ms`,
    );
    expect(inspect(lock)).toBe(`<FileLock '${path}' held>`);
  });

  test("that nobody gave back goes with its run", async () => {
    const path = fresh("lock");
    const lock = await run(() => fileLock(path));
    expect([lock.held, existsSync(path)]).toEqual([false, false]);
    expect(inspect(lock)).toBe(`<FileLock '${path}' released>`);
    await lock.release();
  });

  test("needs its folder, and a name that is no file's", async () => {
    const path = fresh("lock");
    await expect(fileLock(join(path, "x"))).rejects.toMatchObject({
      operation: "fileLock",
      code: "ENOENT",
    });
    writeFileSync(path, "");
    await expect(fileLock(path)).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(fileLock(path, { timeout: NaN })).rejects.toThrow("options.timeout");
    await expect(fileLock(path, { shared: 1 as never })).rejects.toThrow("options.shared");
  });
});

describe("when it is cancelled", () => {
  test.each([false, true])("nothing is held or left, at any point (shared: %s)", async (shared) => {
    const points = await cancelEverywhere(async () => {
      const path = fresh("lock");
      try {
        await using lock = await fileLock(path, { shared });
        expect(lock.held).toBe(true);
      } finally {
        expect(readdirSync(dirname(path))).toEqual([]);
      }
    });
    expect(points).toBeGreaterThan(5);
  });

  test("one who waits gives its place up", async () => {
    const path = fresh("lock");
    const reader = await fileLock(path, { shared: true });
    const { cancelledCaught } = await moveOnAfter(10, () => fileLock(path));
    expect(cancelledCaught).toBe(true);
    expect(readdirSync(path)).toHaveLength(1);
    const task = createTask(() => fileLock(path));
    task.cancel();
    await expect(task).rejects.toThrow(CancelledError);
    await reader.release();
    expect(existsSync(path)).toBe(false);
  });
});

describe.skipIf(WINDOWS)("between processes", () => {
  /** Counts in a file; reads and writes apart, so that two at a time would lose a step, and see it. */
  function counter(folder: string, steps: number): string {
    return `
      import { fileLock } from "ambit/files";
      import { readFileSync, renameSync, writeFileSync } from "node:fs";
      process.chdir(${JSON.stringify(folder)});
      const count = () => Number(readFileSync("count", "utf8"));
      for (let step = 0; step < ${steps}; step++) {
        const lock = await fileLock("lock");
        const found = count();
        await new Promise(setImmediate);
        if (count() !== found) process.exit(9);
        writeFileSync("draft" + process.pid, String(found + 1));
        renameSync("draft" + process.pid, "count");
        await lock.release();
      }
    `;
  }

  function beginCounting(): [folder: string, count: () => number] {
    const folder = dirname(fresh());
    writeFileSync(join(folder, "count"), "0");
    return [folder, () => Number(readFileSync(join(folder, "count"), "utf8"))];
  }

  test("8 of them count to 1000", { timeout: 120_000 }, async () => {
    const [folder, count] = beginCounting();
    const workers = Array.from({ length: 8 }, () => runProgram(counter(folder, 125)));
    for (const { code, err } of await Promise.all(workers)) expect([code, err]).toEqual([0, ""]);
    expect(count()).toBe(1000);
    expect(readdirSync(folder)).toEqual(["count"]);
  });

  test(
    "some are killed, wherever they are, and the others go on",
    { timeout: 120_000 },
    async () => {
      const [folder, count] = beginCounting();
      const victims = Array.from({ length: 4 }, () => new Living(counter(folder, 1_000_000)));
      const workers = Array.from({ length: 3 }, () => runProgram(counter(folder, 150)));
      for (const [index, victim] of victims.entries()) {
        while (count() < 100 * (index + 1)) await sleep(2);
        await victim.kill();
      }
      for (const { code, err } of await Promise.all(workers)) expect([code, err]).toEqual([0, ""]);
      expect(count()).toBeGreaterThanOrEqual(450);
      expect(existsSync(join(folder, "lock"))).toBe(false);
    },
  );

  test("a holder that was killed is found out at once", async () => {
    const path = fresh("lock");
    for (const shared of [false, true]) {
      const process = new Living(holder(path, { shared }));
      await process.said("held");
      await expect(fileLock(path, { timeout: 0 })).rejects.toMatchObject({
        pid: process.child.pid,
      });
      await process.kill();
      await using lock = await fileLock(path, { timeout: 0 });
      expect(lock.held).toBe(true);
    }
    expect(existsSync(path)).toBe(false);
  });

  test("a holder that is stopped keeps it", async () => {
    const path = fresh("lock");
    const process = new Living(holder(path));
    await process.said("held");
    process.child.kill("SIGSTOP");
    await expect(fileLock(path, { timeout: 50 })).rejects.toThrow(FileLockTimeoutError);
    await process.kill();
    await (await fileLock(path)).release();
  });

  test("a holder that is cancelled, or ends by process.exit, leaves nothing", async () => {
    const path = fresh("lock");
    const exit = await runProgram(
      holder(path).replace("setInterval", "process.exit(4); setInterval"),
    );
    expect([exit.code, existsSync(path)]).toEqual([4, false]);
    const inRun = `
      import { run, sleep } from "ambit";
      import { fileLock } from "ambit/files";
      await run(async () => {
        const lock = await fileLock(${JSON.stringify(path)});
        console.log("held");
        await sleep(60_000);
      });
    `;
    const ended = await runProgram(inRun, { on: { held: "SIGTERM" } });
    expect([ended.code, existsSync(path)]).toEqual([143, false]);
  });

  test("a lock that nobody gave back does not keep a program from ending", async () => {
    const path = fresh("lock");
    const { code, err } = await runProgram(`
      import { fileLock } from "ambit/files";
      await fileLock(${JSON.stringify(path)});
    `);
    expect([code, err, existsSync(path)]).toEqual([0, "", false]);
  });
});

describe("what was left behind", () => {
  test("by another process of the same id does not count", async () => {
    const path = fresh("lock");
    const own = await ownEntry();
    mkdirSync(path);
    symlinkSync(entryOf({ started: "12345" }, own), join(path, "exclusive"));
    symlinkSync(entryOf({ pid: 999_999_999 }, own), join(path, "shared-0123456789abcdef0123"));
    await using lock = await fileLock(path, { timeout: 0 });
    expect(readdirSync(lock.path)).toEqual(["exclusive"]);
  });

  test("by a process whose id another has, or that has ended unnoticed, does not count", async () => {
    const path = fresh("lock");
    const own = await ownEntry();
    mkdirSync(path);
    symlinkSync(entryOf({ pid: process.ppid, started: "12345" }, own), join(path, "exclusive"));
    const lock = await fileLock(path, { timeout: 0 });
    expect(lock.held).toBe(true);
    await lock.release();
    // Its parent is a program by now that never asks about it.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = (await once(parent.stdout, "data")) as [Buffer];
    const pid = Number(String(said));
    const status = (): string => readFileSync(`/proc/${pid}/stat`, "latin1");
    while (!status().includes(") Z ")) await sleep(2);
    const started = status().split(" ")[21] ?? "";
    mkdirSync(path);
    symlinkSync(entryOf({ pid, started }, own), join(path, "exclusive"));
    await (await fileLock(path, { timeout: 0 })).release();
    const closed = once(parent, "close");
    parent.kill("SIGKILL");
    await closed;
  });

  test("is broken by others meanwhile: that is in nobody's way", async () => {
    const path = fresh("lock");
    const own = await ownEntry();
    mkdirSync(path);
    symlinkSync(own, join(path, "breaking-0123456789abcdef0123"));
    await using lock = await fileLock(path, { timeout: 0 });
    expect(lock.held).toBe(true);
    rmSync(join(path, "breaking-0123456789abcdef0123"));
  });

  test("by one that died while it broke what another had left is broken, too", async () => {
    const path = fresh("lock");
    const own = await ownEntry();
    const dead = entryOf({ pid: 999_999_999 }, own);
    mkdirSync(path);
    symlinkSync(dead, join(path, "exclusive"));
    const breaker = dead.replace("0123456789abcdef0123", "a".repeat(20));
    symlinkSync(breaker, join(path, "breaking-0123456789abcdef0123"));
    const second = dead.replace("0123456789abcdef0123", "b".repeat(20));
    symlinkSync(second, join(path, `breaking-${"a".repeat(20)}`));
    await using lock = await fileLock(path, { timeout: 1000 });
    expect(readdirSync(lock.path)).toEqual(["exclusive"]);
  });

  test.each([false, true])(
    "is left to one who lives and breaks it, but not waited for beyond the time (shared: %s)",
    async (shared) => {
      const path = fresh("lock");
      const own = await ownEntry();
      const dead = entryOf({ pid: 999_999_999 }, own);
      mkdirSync(path);
      symlinkSync(dead, join(path, "exclusive"));
      const marker = join(path, "breaking-0123456789abcdef0123");
      symlinkSync(own, marker);
      await runVirtual(async () => {
        const error = await fileLock(path, { shared, timeout: 500 }).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(FileLockTimeoutError);
        expect(readdirSync(path).sort()).toEqual([basename(marker), "exclusive"]);
        expect(readlinkSync(join(path, "exclusive"))).toBe(dead);
        const waiting = createTask(() => fileLock(path, { shared, timeout: 500 }));
        await sleep(20);
        rmSync(marker);
        await (await waiting).release();
      });
    },
  );

  test("leaves no trace of one who was cancelled while he broke it", async () => {
    const path = fresh("lock");
    const dead = entryOf({ pid: 999_999_999 }, await ownEntry());
    mkdirSync(path);
    symlinkSync(dead, join(path, "exclusive"));
    const scope = new CancelScope();
    const cancelThen = (real: (...args: unknown[]) => unknown, ...args: unknown[]): unknown => {
      if (String(args[1]).includes("breaking-")) scope.cancel();
      return real(...args);
    };
    await withPatched("symlink", cancelThen, async () => {
      await scope.run(() => fileLock(path));
    });
    expect(scope.cancelledCaught).toBe(true);
    const left = existsSync(path) ? readdirSync(path) : [];
    expect(left.filter((name) => name !== "exclusive")).toEqual([]);
    await (await fileLock(path, { timeout: 1000 })).release();
    expect(existsSync(path)).toBe(false);
  });

  test("by another machine counts until it was silent for half a minute", async () => {
    const path = fresh("lock");
    const own = await ownEntry();
    mkdirSync(path);
    symlinkSync(entryOf({ place: "elsewhere" }, own), join(path, "exclusive"));
    await runVirtual(async () => {
      const error = await fileLock(path, { timeout: 29_000 }).catch((thrown: unknown) => thrown);
      expect(String(error)).toContain(
        `held by process ${process.pid} of another machine or container`,
      );
      await using lock = await fileLock(path, { timeout: 31_000 });
      expect(lock.held).toBe(true);
    });
  });

  test("by another machine counts as long as that renews it", async () => {
    const path = fresh("lock");
    const own = await ownEntry();
    const entry = join(path, "exclusive");
    mkdirSync(path);
    symlinkSync(entryOf({ place: "elsewhere" }, own), entry);
    await runVirtual(async () => {
      const waiting = createTask(() => fileLock(path, { timeout: 45_000 }));
      await sleep(20_000);
      lutimesSync(entry, 5, 5);
      await expect(waiting).rejects.toThrow(FileLockTimeoutError);
    });
  });

  test("by nobody knows whom is left alone", async () => {
    const path = fresh("lock");
    mkdirSync(path);
    symlinkSync("what is this", join(path, "exclusive"));
    await runVirtual(async () => {
      const error = await fileLock(path, { timeout: 90_000 }).catch((thrown: unknown) => thrown);
      expect(String(error)).toContain("is held by somebody unknown");
    });
  });
});

test("each attempt makes an entry of its own: what was seen of the last one says nothing of it", async () => {
  const path = fresh("lock");
  const texts: unknown[] = [];
  const note = (real: (...args: unknown[]) => unknown, ...args: unknown[]): unknown => {
    texts.push(args[0]);
    return real(...args);
  };
  await using lock = await fileLock(path);
  await withPatched("symlink", note, async () => {
    await fileLock(path, { shared: true, timeout: 20 }).catch(() => {});
  });
  expect(texts.length).toBeGreaterThan(1);
  expect(new Set(texts).size).toBe(texts.length);
  expect(lock.held).toBe(true);
});

test("when it is given back or given up, nothing is left to do at the end of the process", async () => {
  // In a process of its own: in this one there may be locks of other tests that were given up for lost.
  const path = JSON.stringify(fresh("lock"));
  const { code, out } = await runProgram(`
    import { fileLock } from "ambit/files";
    const counts = [];
    const count = () => counts.push(process.listenerCount("exit"));
    count();
    const lock = await fileLock(${path});
    const refused = await fileLock(${path}, { timeout: 0 }).catch(({ name }) => name);
    count();
    await lock.release();
    count();
    console.log(refused, ...counts.map((each) => each - counts[0]));
  `);
  expect([code, out.trim()]).toEqual([0, "FileLockTimeoutError 0 1 0"]);
});

test("a holder that was taken for dead learns so when it gives the lock back", async () => {
  const path = fresh("lock");
  const lock = await fileLock(path);
  rmSync(join(path, "exclusive"));
  const next = await fileLock(path);
  await expect(lock.release()).rejects.toThrow(FileLockLostError);
  expect(next.held).toBe(true);
  await next.release();
  expect(existsSync(path)).toBe(false);
});

describe("the heartbeat", () => {
  afterEach(() => vi.useRealTimers());

  test("renews the entry, and finds out when it is gone", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const path = fresh("lock");
    const lock = await fileLock(path);
    const entry = join(path, "exclusive");
    lutimesSync(entry, 5, 5);
    vi.advanceTimersByTime(5000);
    while (lstatSync(entry).mtimeMs === 5000) await sleep(1);
    expect(lock.held).toBe(true);
    rmSync(entry);
    vi.advanceTimersByTime(5000);
    while (lock.held) await sleep(1);
    expect(inspect(lock)).toBe(`<FileLock '${path}' lost>`);
    await expect(lock.release()).rejects.toThrow(FileLockLostError);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("finds out when another entry has its place", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const own = await ownEntry();
    const lock = await fileLock(fresh("lock"));
    const entry = join(lock.path, "exclusive");
    rmSync(entry);
    symlinkSync(entryOf({}, own), entry);
    vi.advanceTimersByTime(5000);
    while (lock.held) await sleep(1);
    rmSync(entry);
    await expect(lock.release()).rejects.toThrow(FileLockLostError);
  });
});
