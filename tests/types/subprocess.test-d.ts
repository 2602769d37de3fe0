/**
 * What the compiler must know about subprocesses: which streams there are, from the options. Checked
 * by tests/project/types.test.ts; never run.
 */
import {
  type CompletedProcess,
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  type Process,
  runSubprocess,
  type Stdio,
  STDOUT,
  type SubprocessOptions,
} from "ambit/subprocess";
import type { StreamReader, StreamWriter } from "ambit/streams";
import { expectTypeOf, test } from "vitest";

declare const stdio: Stdio;
declare const options: SubprocessOptions;

test("a stream that is piped is there, any other is null", async () => {
  const child = await createSubprocessExec("cat", ["-u"], {
    stdin: PIPE,
    stdout: PIPE,
    stderr: STDOUT,
  });
  expectTypeOf(child.stdin).toEqualTypeOf<StreamWriter>();
  expectTypeOf(child.stdout).toEqualTypeOf<StreamReader>();
  expectTypeOf(child.stderr).toEqualTypeOf<null>();
  expectTypeOf(await child.communicate("x")).toEqualTypeOf<[stdout: Buffer, stderr: null]>();
  const shell = await createSubprocessShell("cat", { stdout: DEVNULL, stderr: PIPE, cwd: "/" });
  expectTypeOf(shell.stdout).toEqualTypeOf<null>();
  expectTypeOf(await shell.communicate()).toEqualTypeOf<[stdout: null, stderr: Buffer]>();
  const plain = await createSubprocessExec("true");
  expectTypeOf(plain.stdin).toEqualTypeOf<null>();
  expectTypeOf(plain.returncode).toEqualTypeOf<number | null>();
});

test("one that may be piped may be null", async () => {
  const child = await createSubprocessExec("cat", [], { stdout: stdio });
  expectTypeOf(child.stdout).toEqualTypeOf<StreamReader | null>();
  const any = await createSubprocessExec("cat", [], options);
  expectTypeOf(any).toEqualTypeOf<Process>();
  expectTypeOf(await any.communicate()).toEqualTypeOf<
    [stdout: Buffer | null, stderr: Buffer | null]
  >();
});

test("a process of known streams is a process", async () => {
  const child = await createSubprocessExec("cat", [], { stdin: PIPE });
  expectTypeOf(child).toExtend<Process>();
  expectTypeOf(child).toExtend<AsyncDisposable>();
});

test("runSubprocess gives bytes, or with an encoding text", async () => {
  expectTypeOf(await runSubprocess("true")).toEqualTypeOf<CompletedProcess<Buffer>>();
  const text = await runSubprocess("true", [], { encoding: "utf8", check: true });
  expectTypeOf(text.stdout).toEqualTypeOf<string>();
});

test("what there is not is refused", async () => {
  // @ts-expect-error -- pipes carry bytes
  void createSubprocessExec("true", [], { encoding: "utf8" });
  // @ts-expect-error -- stdout cannot be where stdout goes
  void createSubprocessExec("true", [], { stdout: STDOUT });
  // @ts-expect-error -- one list, not many arguments
  void createSubprocessExec("ls", "-l");
  // @ts-expect-error -- it always ends its program
  const ended = await runSubprocess("true", [], { killOnCancel: false });
  expectTypeOf(ended.returncode).toEqualTypeOf<number>();
});
