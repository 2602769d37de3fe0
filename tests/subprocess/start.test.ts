/**
 * What cannot be started, and what is refused before anything is. Real processes in real time: they
 * are what is tested.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "ambit";
import {
  createSubprocessExec,
  createSubprocessShell,
  PIPE,
  SpawnError,
  STDOUT,
} from "ambit/subprocess";
import { afterAll, describe, expect, test } from "vitest";
import { eventually, openDescriptors, WINDOWS } from "./programs.ts";

const folder = mkdtempSync(join(tmpdir(), "ambit-start-"));
afterAll(() => rmSync(folder, { recursive: true }));

writeFileSync(join(folder, "text"), "no program");

const ALL_PIPES = { stdin: PIPE, stdout: PIPE, stderr: STDOUT } as const;

describe.skipIf(WINDOWS)("what cannot be started", () => {
  test.each([
    [
      "a program that is not there",
      "no-such-program",
      {},
      "ENOENT",
      "no program of that name on the PATH",
    ],
    ["a path that is not there", "/no/such/program", {}, "ENOENT", "there is no such file"],
    ["a file that is no program", join(folder, "text"), {}, "EACCES", "it may not be executed"],
    ["a folder", "/tmp", {}, "EACCES", "it may not be executed"],
    [
      "a working directory that is not there",
      "cat",
      { cwd: "/no/such" },
      "ENOENT",
      "'/no/such' does not exist",
    ],
    [
      "a working directory that is a file",
      "cat",
      { cwd: "/etc/passwd" },
      "ENOTDIR",
      "'/etc/passwd' is no folder",
    ],
  ])(
    "%s is named, and leaves nothing open (CPython: test_subprocess SubprocessMixin.test_popen_error, SubprocessMixin.test_popen_error_with_stdin_pipe)",
    (_, program, options, code, why) =>
      run(async () => {
        const before = openDescriptors();
        for (const stdio of [{}, ALL_PIPES]) {
          const starting = createSubprocessExec(program, ["x"], { ...options, ...stdio });
          const error = await starting.catch((reason: unknown) => reason);
          expect(error).toBeInstanceOf(SpawnError);
          expect(error).toMatchObject({ code, program, cwd: (options as { cwd?: string }).cwd });
          expect((error as SpawnError).message).toContain(`cannot start '${program}'`);
          expect((error as SpawnError).message).toContain(why);
          expect((error as SpawnError).cause).toBeInstanceOf(Error);
        }
        await eventually(() => openDescriptors() <= before);
      }),
  );

  test("a script whose interpreter is missing is told from one that is not there", () =>
    run(async () => {
      const script = join(folder, "script");
      writeFileSync(script, "#!/no/such/interpreter\n");
      chmodSync(script, 0o755);
      await expect(createSubprocessExec(script)).rejects.toThrow(
        "the interpreter that it names is missing",
      );
    }));

  test("arguments that are too long are an error, not a crash", () =>
    run(async () => {
      const long = "x".repeat(3_000_000);
      await expect(createSubprocessExec("true", [long])).rejects.toMatchObject({
        code: "E2BIG",
        message: expect.stringContaining("too long") as unknown,
      });
    }));
});

describe.skipIf(WINDOWS)("programs and arguments", () => {
  test("may be URLs of files (CPython: test_subprocess SubprocessMixin.test_create_subprocess_exec_with_path)", () =>
    run(async () => {
      expect(await (await createSubprocessExec(pathToFileURL("/bin/true"))).wait()).toBe(0);
      const listed = await createSubprocessExec("ls", ["-d", pathToFileURL("/tmp")], {
        stdout: PIPE,
      });
      expect(String((await listed.communicate())[0])).toBe("/tmp\n");
    }));

  test("reach the program as they are: no shell takes them apart", () =>
    run(async () => {
      const args = ["a b", "$HOME", "'", '"', "*", ";", "", "é"];
      const child = await createSubprocessExec("printf", ["%s|", ...args], { stdout: PIPE });
      expect(String((await child.communicate())[0])).toBe(`${args.join("|")}|`);
    }));

  test("of other kinds are refused (CPython: test_events SubprocessTestsMixin.test_subprocess_exec_invalid_args; test_base_events BaseEventLoopTests.test_subprocess_exec_invalid_args)", async () => {
    const exec = createSubprocessExec as (...args: unknown[]) => Promise<unknown>;
    await expect(exec()).rejects.toThrow(/Expected `program` to be a string or the URL of a file/);
    await expect(exec("")).rejects.toThrow(/Expected `program` to be the name of a program/);
    await expect(exec(new URL("http://localhost/"))).rejects.toThrow(
      /the URL of a file, got `'http/,
    );
    await expect(exec("true", "x")).rejects.toThrow(/Expected `args` to be a list/);
    await expect(exec("true", ["x", 1])).rejects.toThrow(/Expected `args\[1\]` to be a string/);
    await expect(exec("true", ["a\0b"])).rejects.toThrow(/without a zero byte/);
    await expect(exec("true", [], null)).rejects.toThrow(/Expected `options` to be an object/);
    await expect(exec("true", [], { universalNewlines: true })).rejects.toThrow(TypeError);
    await expect(exec("true", [], { shell: true })).rejects.toThrow(/call createSubprocessShell/);
  });

  test("a command is a string (CPython: test_events SubprocessTestsMixin.test_subprocess_shell_invalid_args; test_base_events BaseEventLoopTests.test_subprocess_shell_invalid_args)", async () => {
    const shell = createSubprocessShell as (...args: unknown[]) => Promise<unknown>;
    await expect(shell(123)).rejects.toThrow(/Expected `command` to be a string, got `123`/);
    await expect(shell(["ls", "-l"])).rejects.toThrow(TypeError);
    await expect(shell("ls", { universalNewlines: true })).rejects.toThrow(TypeError);
    await expect(shell("true", { shell: false })).resolves.toBeDefined();
  });

  test("text modes are refused, with what to do instead (CPython: test_subprocess SubprocessMixin.test_create_subprocess_exec_text_mode_fails)", async () => {
    for (const mode of [{ text: true }, { encoding: "utf-8" }, { errors: "strict" }]) {
      const starting = createSubprocessExec("true", [], mode as object);
      await expect(starting).rejects.toThrow(/pipes carry bytes\. Decode what was read/);
    }
  });

  test("for a shell, too (CPython: test_subprocess SubprocessMixin.test_create_subprocess_shell_text_mode_fails)", async () => {
    for (const mode of [{ text: true }, { encoding: "utf-8" }, { errors: "strict" }]) {
      await expect(createSubprocessShell("true", mode as object)).rejects.toThrow(
        /pipes carry bytes/,
      );
    }
  });

  test("options are checked", async () => {
    const start = (options: object): Promise<unknown> => createSubprocessExec("true", [], options);
    await expect(start({ cwd: 3 })).rejects.toThrow(/Expected `options.cwd`/);
    await expect(start({ env: "A=1" })).rejects.toThrow(/Expected `options.env` to be an object/);
    await expect(start({ limit: 0 })).rejects.toThrow(/Expected `options.limit`/);
    await expect(start({ grace: Number.NaN })).rejects.toThrow(/Expected `options.grace`/);
    await expect(start({ killGroup: true, processGroup: false })).rejects.toThrow(
      /true with `killGroup`/,
    );
  });
});
