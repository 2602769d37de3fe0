/**
 * Where the standard streams come from and go to, and who is held back when nobody reads. Real
 * processes in real time: they are what is tested.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createTask, moveOnAfter, run, sleep, timeout } from "ambit";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  INHERIT,
  PIPE,
  STDOUT,
} from "ambit/subprocess";
import { afterAll, describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { eventually, openDescriptors, WINDOWS } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "ambit-stdio-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(WINDOWS)("DEVNULL", () => {
  test("as stdin is an end at once (CPython: test_subprocess SubprocessMixin.test_devnull_input)", () =>
    run(async () => {
      const count = await createSubprocessExec("wc", ["-c"], {
        stdin: DEVNULL,
        stdout: PIPE,
        stderr: PIPE,
      });
      expect(String((await count.communicate())[0]).trim()).toBe("0");
      expect([count.returncode, count.stdin]).toEqual([0, null]);
    }));

  test("as stdout drops what is written (CPython: test_subprocess SubprocessMixin.test_devnull_output)", () =>
    run(async () => {
      const count = await createSubprocessExec("wc", ["-c"], {
        stdin: PIPE,
        stdout: DEVNULL,
        stderr: PIPE,
      });
      const [out, err] = await count.communicate("abc");
      expect([out, String(err), count.returncode]).toEqual([null, "", 0]);
    }));

  test("as stderr too (CPython: test_subprocess SubprocessMixin.test_devnull_error)", () =>
    run(async () => {
      const both = await createSubprocessShell("cat; echo lost >&2", {
        stdin: PIPE,
        stdout: PIPE,
        stderr: DEVNULL,
      });
      const [out, err] = await both.communicate("abc");
      expect([String(out), err, both.returncode]).toEqual(["abc", null, 0]);
    }));
});

describe.skipIf(WINDOWS)("STDOUT", () => {
  test("brings both outputs in order, through one pipe (CPython: test_events SubprocessTestsMixin.test_subprocess_stderr_redirect_to_stdout)", () =>
    run(async () => {
      const program = "for n in 1 2 3 4 5; do printf OUT:$n; printf ERR:$n >&2; done";
      const both = await createSubprocessShell(program, { stdout: PIPE, stderr: STDOUT });
      expect(both.stderr).toBeNull();
      const [out, err] = await both.communicate();
      expect(String(out)).toBe("OUT:1ERR:1OUT:2ERR:2OUT:3ERR:3OUT:4ERR:4OUT:5ERR:5");
      expect([err, both.returncode]).toEqual([null, 0]);
    }));

  test("carries much, also after the end of the child, and leaves no descriptor", () =>
    run(async () => {
      const before = openDescriptors();
      const both = await createSubprocessShell(
        "head -c 900000 /dev/zero; head -c 900000 /dev/zero >&2",
        {
          stdout: PIPE,
          stderr: STDOUT,
          limit: 4096,
        },
      );
      const [out] = await both.communicate();
      expect(out).toHaveLength(1_800_000);
      await eventually(() => openDescriptors() <= before);
    }));

  test("follows stdout to a file and to nowhere", () =>
    run(async () => {
      const path = join(folder, "both");
      const both = await createSubprocessShell("echo out; echo err >&2", {
        stdout: path,
        stderr: STDOUT,
      });
      await both.wait();
      expect(readFileSync(path, "utf8")).toBe("out\nerr\n");
      const none = await createSubprocessShell("echo out; echo err >&2", {
        stdout: DEVNULL,
        stderr: STDOUT,
      });
      expect(await none.wait()).toBe(0);
    }));
});

describe.skipIf(WINDOWS)("files, descriptors, and this process's own streams", () => {
  test("a path is read as stdin and written anew as output, a URL of a file too", () =>
    run(async () => {
      const before = openDescriptors();
      const [source, target] = [join(folder, "source"), join(folder, "target")];
      writeFileSync(source, "from a file\n");
      writeFileSync(target, "what was there before, and was longer\n");
      const copy = await createSubprocessExec("cat", [], {
        stdin: source,
        stdout: pathToFileURL(target),
      });
      expect(openDescriptors()).toBe(before);
      expect(await copy.wait()).toBe(0);
      expect(readFileSync(target, "utf8")).toBe("from a file\n");
    }));

  test("a descriptor stays open and is the caller's to close", () =>
    run(async () => {
      const path = join(folder, "appended");
      const file = openSync(path, "a");
      for (const word of ["one", "two"]) {
        await (await createSubprocessExec("echo", [word], { stdout: file, stderr: file })).wait();
      }
      closeSync(file);
      expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
    }));

  test("a file that cannot be opened is an error of its own, and starts nothing", () =>
    run(async () => {
      const before = openDescriptors();
      const starting = createSubprocessExec("cat", [], {
        stdin: "/dev/null",
        stdout: "/no/such/file",
      });
      await expect(starting).rejects.toMatchObject({ code: "ENOENT", path: "/no/such/file" });
      expect(openDescriptors()).toBe(before);
    }));

  test("by default they are this process's own", async () => {
    const source = `
      import { run } from "ambit";
      import { createSubprocessShell, INHERIT } from "ambit/subprocess";
      await run(async () => {
        await (await createSubprocessShell("echo out; echo err >&2")).wait();
        await (await createSubprocessShell("echo again", { stdout: INHERIT })).wait();
      });
    `;
    const { out, err } = await runProgram(source);
    expect([out, err]).toEqual(["out\nagain\n", "err\n"]);
  });

  test("a child cannot open /dev/stdin by its name, for its pipes are sockets; cat in front helps (CPython, differs: test_subprocess SubprocessMixin.test_devstdin_input)", () =>
    run(async () => {
      const options = { stdin: PIPE, stdout: PIPE, stderr: DEVNULL } as const;
      const byName = await createSubprocessShell(
        "cat /dev/stdin && echo read || echo refused",
        options,
      );
      const [out] = await byName.communicate("abc");
      expect(String(out)).toBe(process.platform === "linux" ? "refused\n" : "abcread\n");
      const piped = await createSubprocessShell("cat | cat /dev/stdin", options);
      expect(String((await piped.communicate("abc"))[0])).toBe("abc");
    }));

  test("what is none of all these is refused", async () => {
    await expect(createSubprocessExec("cat", [], { stdin: "pipe\0" })).rejects.toThrow(
      /a zero byte/,
    );
    await expect(createSubprocessExec("cat", [], { stdin: STDOUT as never })).rejects.toThrow(
      /Expected `options.stdin` to be PIPE, DEVNULL, INHERIT, a file descriptor or a path/,
    );
    await expect(createSubprocessExec("cat", [], { stdout: -1 })).rejects.toThrow(RangeError);
    await expect(createSubprocessExec("cat", [], { stderr: null as never })).rejects.toThrow(
      /STDOUT, PIPE/,
    );
    expect(typeof INHERIT).toBe("symbol");
  });
});

describe.skipIf(WINDOWS)("back-pressure", () => {
  test("a slow reader pauses a child that floods its output (CPython: test_subprocess SubprocessMixin.test_pause_reading)", () =>
    run(async () => {
      const limit = 10;
      const writer = await createSubprocessShell("head -c 5000000 /dev/zero", {
        stdout: PIPE,
        limit,
      });
      await eventually(() => writer.stdout.bufferedBytes > 2 * limit);
      await sleep(50);
      // What one chunk of Node's brings at most; the rest waits in the child.
      expect(writer.stdout.bufferedBytes).toBeLessThanOrEqual(2 * 65_536);
      expect(writer.returncode).toBeNull();
      const [out] = await writer.communicate();
      expect(out).toHaveLength(5_000_000);
    }));

  test("a little more than the limit allows comes in whole, too", () =>
    run(async () => {
      const limit = 10;
      const writer = await createSubprocessExec("printf", ["x".repeat(2 * limit + 1)], {
        stdout: PIPE,
        limit,
      });
      const [out] = await writer.communicate();
      expect(String(out)).toBe("x".repeat(2 * limit + 1));
    }));

  test("a child that does not read makes drain wait, until it does", () =>
    run(async () => {
      const child = await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
      child.sendSignal("SIGSTOP");
      child.stdin.write(Buffer.alloc(2_000_000));
      const { cancelledCaught } = await moveOnAfter(60, () => child.stdin.drain());
      expect(cancelledCaught).toBe(true);
      child.sendSignal("SIGCONT");
      const draining = createTask(() => timeout(20_000, () => child.stdin.drain()));
      const taking = createTask(async () => {
        let size = 0;
        while (size < 2_000_000) size += (await child.stdout.read(65_536)).length;
        return size;
      });
      await draining;
      child.stdin.close();
      expect(await taking).toBe(2_000_000);
      expect(await child.wait()).toBe(0);
    }));

  test("output that another process goes on writing after the child's end is held back, too", () =>
    run(async () => {
      const writer = await createSubprocessShell(
        "exec 2>/dev/null; head -c 50000000 /dev/zero & sleep 0.05",
        {
          stdout: PIPE,
          limit: 1000,
          killGroup: true,
        },
      );
      await writer.wait();
      await sleep(60);
      expect(writer.stdout.bufferedBytes).toBeLessThan(1_000_000);
      await writer[Symbol.asyncDispose]();
    }));
});
