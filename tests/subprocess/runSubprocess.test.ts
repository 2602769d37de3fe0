/**
 * runSubprocess: a program from its start to its end. Real processes in real time: they are what is
 * tested.
 */
import { createTask, run, sleep, TimeoutError } from "ambit";
import { CalledProcessError, DEVNULL, PIPE, runSubprocess, STDOUT } from "ambit/subprocess";
import { describe, expect, test } from "vitest";
import { childrenOf, eventually, openDescriptors, WINDOWS } from "./programs.ts";

describe.skipIf(WINDOWS)("runSubprocess", () => {
  test("gives code, output and error output, as bytes or as text", () =>
    run(async () => {
      const program = ["sh", ["-c", "cat; echo oops >&2; exit 3"]] as const;
      const bytes = await runSubprocess(...program, { input: "in" });
      expect(bytes).toEqual({
        returncode: 3,
        stdout: Buffer.from("in"),
        stderr: Buffer.from("oops\n"),
      });
      const text = await runSubprocess(...program, { input: Buffer.from("é"), encoding: "utf8" });
      expect(text).toEqual({ returncode: 3, stdout: "é", stderr: "oops\n" });
    }));

  test("without input there is nothing to read; what is not piped is empty", () =>
    run(async () => {
      expect(await runSubprocess("wc", ["-c"], { encoding: "latin1", stderr: DEVNULL })).toEqual({
        returncode: 0,
        stdout: expect.stringMatching(/^\s*0\n$/) as unknown,
        stderr: "",
      });
      const both = await runSubprocess("sh", ["-c", "echo a; echo b >&2"], {
        stderr: STDOUT,
        encoding: "utf8",
      });
      expect(both).toEqual({ returncode: 0, stdout: "a\nb\n", stderr: "" });
      expect(await runSubprocess("true")).toMatchObject({ returncode: 0, stdout: Buffer.alloc(0) });
    }));

  test("with check, throws what came of it", () =>
    run(async () => {
      const failing = runSubprocess("sh", ["-c", "echo out; echo 'no such ref' >&2; exit 128"], {
        check: true,
        encoding: "utf8",
      });
      const error = await failing.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(CalledProcessError);
      expect(error).toMatchObject({
        name: "CalledProcessError",
        message: "'sh -c echo out; echo 'no such ref' >&2; exit 128' ended with 128: no such ref",
        command: ["sh", "-c", "echo out; echo 'no such ref' >&2; exit 128"],
        returncode: 128,
        stdout: "out\n",
        stderr: "no such ref\n",
      });
      const killed = runSubprocess("sh", ["-c", "kill -9 $$"], { check: true });
      await expect(killed).rejects.toThrow("was ended by signal 9");
      await expect(runSubprocess("true", [], { check: true })).resolves.toMatchObject({
        returncode: 0,
      });
    }));

  test("past the timeout the program is ended, group and all, before TimeoutError comes out", () =>
    run(async () => {
      const children = childrenOf(process.pid);
      const before = openDescriptors();
      const slow = runSubprocess("sh", ["-c", "sleep 3600 & wait"], {
        timeout: 20,
        killGroup: true,
      });
      await expect(slow).rejects.toThrow(TimeoutError);
      expect(childrenOf(process.pid)).toEqual(children);
      await eventually(() => openDescriptors() <= before);
    }));

  test("a cancel ends the program and leaves nothing open", () =>
    run(async () => {
      const children = childrenOf(process.pid);
      const before = openDescriptors();
      const running = createTask(() => runSubprocess("sleep", ["3600"]));
      await eventually(() => childrenOf(process.pid).length > children.length);
      running.cancel();
      await expect(running).rejects.toThrow("was cancelled");
      expect(childrenOf(process.pid)).toEqual(children);
      await eventually(() => openDescriptors() <= before);
      await sleep(0);
    }));

  test("checks its options before it starts anything", async () => {
    await expect(runSubprocess("true", [], { timeout: Number.NaN })).rejects.toThrow(
      /options.timeout/,
    );
    await expect(runSubprocess("true", [], { encoding: "utf-99" as never })).rejects.toThrow(
      /options.encoding/,
    );
    await expect(runSubprocess("cat", [], { input: 3 as never })).rejects.toThrow(
      /Expected `input`/,
    );
    await expect(runSubprocess("cat", [], { input: "x", stdin: DEVNULL })).rejects.toThrow(
      /stdin: PIPE/,
    );
    expect((await runSubprocess("cat", [], { input: "x", stdin: PIPE })).stdout.toString()).toBe(
      "x",
    );
  });
});
