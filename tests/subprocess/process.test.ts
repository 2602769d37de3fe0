/**
 * What a process is and tells, from its start to its end. Real processes in real time: they are what
 * is tested.
 */
import { inspect } from "node:util";
import { pathToFileURL } from "node:url";
import { gather, run, sleep, timeout } from "ambit";
import {
  createSubprocessExec,
  createSubprocessShell,
  DEVNULL,
  PIPE,
  Process,
} from "ambit/subprocess";
import { describe, expect, test, vi } from "vitest";
import {
  BLOCKED,
  childrenOf,
  eventually,
  isRunning,
  openDescriptors,
  signalled,
  stateOf,
  WINDOWS,
} from "./programs.ts";

const KILLED = signalled("SIGKILL");

describe.skipIf(WINDOWS)("input and output", () => {
  test("what is written to stdin comes out of stdout (CPython: test_subprocess SubprocessMixin.test_stdin_stdout; test_events SubprocessTestsMixin.test_subprocess_exec)", () =>
    run(async () => {
      const cat = await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
      cat.stdin.write("some data");
      await cat.stdin.drain();
      cat.stdin.close();
      expect(String(await cat.stdout.read())).toBe("some data");
      expect(await cat.wait()).toBe(0);
      expect(cat.stderr).toBeNull();
    }));

  test("a talk back and forth (CPython: test_events SubprocessTestsMixin.test_subprocess_interactive)", () =>
    run(async () => {
      const cat = await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
      for (const line of ["Python \n", "The Winner\n"]) {
        cat.stdin.write(line);
        expect(String(await cat.stdout.readline())).toBe(line);
      }
      cat.stdin.close();
      expect(await cat.wait()).toBe(0);
    }));

  test("communicate writes all, reads all, and waits (CPython: test_subprocess SubprocessMixin.test_communicate)", () =>
    run(async () => {
      const cat = await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
      const [out, err] = await cat.communicate(Buffer.from("some data"));
      expect([String(out), err, cat.returncode]).toEqual(["some data", null, 0]);
    }));

  test("communicate moves more than any pipe holds, both ways at once", () =>
    run(async () => {
      const big = Buffer.alloc(3_000_000, "0123456789");
      const cat = await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
      const [out] = await cat.communicate(big);
      expect(out.equals(big)).toBe(true);
      const both = "head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2";
      const writer = await createSubprocessShell(both, { stdout: PIPE, stderr: PIPE });
      const lengths = (await writer.communicate()).map(({ length }) => length);
      expect(lengths).toEqual([1_000_000, 1_000_000]);
    }));

  test("stdout and stderr are told apart (CPython: test_events SubprocessTestsMixin.test_subprocess_stderr)", () =>
    run(async () => {
      const both = await createSubprocessShell("printf OUT:test; printf ERR:test >&2", {
        stdout: PIPE,
        stderr: PIPE,
      });
      expect((await both.communicate()).map(String)).toEqual(["OUT:test", "ERR:test"]);
      expect(both.returncode).toBe(0);
    }));

  test("many at once do not mix up what they write (CPython: test_subprocess SubprocessMixin.test_subprocess_communicate_stdout)", () =>
    run(async () => {
      const words = Array.from({ length: 10 }, (_, n) => `foo${n}`);
      const outputOf = async (word: string): Promise<string> => {
        const echo = await createSubprocessExec("echo", [word], { stdout: PIPE });
        return String((await echo.communicate())[0]).trim();
      };
      expect(await gather(words.map((word) => () => outputOf(word)))).toEqual(words);
    }));

  test("without input, communicate closes stdin: with nothing (CPython: test_subprocess SubprocessMixin.test_communicate_none_input)", () =>
    run(async () => {
      const cat = await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
      expect(String((await cat.communicate())[0])).toBe("");
      expect(cat.returncode).toBe(0);
    }));

  test("empty input is an end too (CPython: test_subprocess SubprocessMixin.test_empty_input)", () =>
    run(async () => {
      const count = await createSubprocessExec("wc", ["-c"], {
        stdin: PIPE,
        stdout: PIPE,
        stderr: PIPE,
      });
      expect(String((await count.communicate(""))[0]).trim()).toBe("0");
      expect(count.returncode).toBe(0);
    }));

  test("other children do not inherit the pipe, or its end would not be seen (CPython: test_subprocess SubprocessMixin.test_stdin_not_inheritable)", () =>
    run(async () => {
      const count = await createSubprocessExec("wc", ["-c"], {
        stdin: PIPE,
        stdout: PIPE,
        stderr: PIPE,
      });
      const other = await createSubprocessExec(...BLOCKED);
      expect(String((await count.communicate("abc"))[0]).trim()).toBe("3");
      other.kill();
    }));

  test("the end of the pipes and of the process are all told, in whatever order (CPython: test_subprocess SubprocessMixin.test_subprocess_protocol_events)", () =>
    run(async () => {
      const events: string[] = [];
      const both = await createSubprocessShell("printf stdout; printf stderr >&2", {
        stdout: PIPE,
        stderr: PIPE,
      });
      const follow = async (name: "stdout" | "stderr"): Promise<void> => {
        const reader = both[name];
        while (!reader.atEof()) {
          const data = await reader.read(100);
          events.push(`${name} ${data.length === 0 ? "ended" : `gave ${String(data)}`}`);
        }
      };
      const ending = async (): Promise<void> => void events.push(`ended with ${await both.wait()}`);
      await gather([() => follow("stdout"), () => follow("stderr"), ending]);
      const of = (name: string): string[] => events.filter((event) => event.startsWith(name));
      expect(of("stdout")).toEqual(["stdout gave stdout", "stdout ended"]);
      expect(of("stderr")).toEqual(["stderr gave stderr", "stderr ended"]);
      expect(of("ended")).toEqual(["ended with 0"]);
    }));

  test("output can be read after the process has ended (CPython: test_subprocess SubprocessMixin.test_read_stdout_after_process_exit)", () =>
    run(async () => {
      const writer = await createSubprocessShell("head -c 262144 /dev/zero; exit 1", {
        stdout: PIPE,
      });
      const chunks: number[] = [];
      for (;;) {
        const { length } = await writer.stdout.read(65_536);
        if (length === 0) break;
        chunks.push(length);
        await sleep(20);
      }
      expect(chunks.reduce((sum, length) => sum + length, 0)).toBe(262_144);
      const quick = await createSubprocessShell("echo late; exit 2", { stdout: PIPE });
      expect(await quick.wait()).toBe(2);
      await sleep(20);
      expect(String(await quick.stdout.read())).toBe("late\n");
    }));

  test("a program that ends before it reads all makes drain fail (CPython: test_subprocess SubprocessMixin.test_stdin_broken_pipe)", () =>
    run(async () => {
      const gone = await createSubprocessExec("true", [], { stdin: PIPE });
      await gone.wait();
      gone.stdin.write(Buffer.alloc(4_000_000));
      await expect(gone.stdin.drain()).rejects.toMatchObject({ code: /EPIPE|ECONNRESET/ });
      const slow = await createSubprocessExec("sleep", ["0.05"], { stdin: PIPE });
      slow.stdin.write(Buffer.alloc(4_000_000));
      await expect(slow.stdin.drain()).rejects.toMatchObject({ code: /EPIPE|ECONNRESET/ });
      expect(await slow.wait()).toBe(0);
    }));

  test("for communicate that is no error (CPython: test_subprocess SubprocessMixin.test_communicate_ignore_broken_pipe)", () =>
    run(async () => {
      const gone = await createSubprocessExec("true", [], { stdin: PIPE });
      expect(await gone.communicate(Buffer.alloc(4_000_000))).toEqual([null, null]);
      expect(gone.returncode).toBe(0);
      const deaf = await createSubprocessShell("exec <&-; sleep 0.05; echo done", {
        stdin: PIPE,
        stdout: PIPE,
      });
      expect(String((await deaf.communicate(Buffer.alloc(4_000_000)))[0])).toBe("done\n");
    }));

  test("a pipe that this side closes breaks the child's writing, and nothing else (CPython: test_events SubprocessTestsMixin.test_subprocess_close_client_stream)", () =>
    run(async () => {
      const program =
        "trap '' PIPE; read a; echo OUT:$a; read b; echo OUT:$b 2>/dev/null || echo ERR:broken >&2";
      const child = await createSubprocessShell(program, {
        stdin: PIPE,
        stdout: PIPE,
        stderr: PIPE,
      });
      child.stdin.write("test\n");
      expect(String(await child.stdout.readline())).toBe("OUT:test\n");
      child.closePipe("stdout");
      child.closePipe("stdout");
      child.stdin.write("xxx\n");
      expect(String(await child.stderr.readline())).toBe("ERR:broken\n");
      child.closePipe("stdin");
      await child.wait();
      expect(() => child.closePipe("stdlog" as never)).toThrow(RangeError);
    }));

  test("communicate with input needs a pipe", () =>
    run(async () => {
      const deaf = await createSubprocessExec("true", [], { stdin: DEVNULL });
      await expect(deaf.communicate("x")).rejects.toThrow(
        /communicate with input on <Process 'true'.*stdin: PIPE/,
      );
      await expect(deaf.communicate(3 as never)).rejects.toThrow(
        /Expected `input` to be bytes or text/,
      );
      await deaf.wait();
    }));

  test("a program left running with the pipes does not hold up wait", () =>
    run(async () => {
      const shell = await createSubprocessShell("sleep 3600 & echo $!", { stdout: PIPE });
      const left = Number(await shell.stdout.readline());
      expect(await shell.wait()).toBe(0);
      process.kill(left, "SIGKILL");
      expect(String(await shell.stdout.read())).toBe("");
    }));
});

describe.skipIf(WINDOWS)("its environment", () => {
  test("a variable reaches a program (CPython: test_subprocess SubprocessMixin.test_create_subprocess_env_exec)", () =>
    run(async () => {
      const env = { ...process.env, FOO: "baz", GONE: undefined };
      const child = await createSubprocessExec("printenv", ["FOO"], { env, stdout: PIPE });
      expect(String((await child.communicate())[0])).toBe("baz\n");
    }));

  test("and a shell (CPython: test_subprocess SubprocessMixin.test_create_subprocess_env_shell)", () =>
    run(async () => {
      const env = { ...process.env, FOO: "bar" };
      const child = await createSubprocessShell('printf %s "$FOO"', { env, stdout: PIPE });
      expect(String((await child.communicate())[0])).toBe("bar");
    }));

  test("is the whole one; the working directory is what is asked for, also as a URL", () =>
    run(async () => {
      for (const cwd of ["/", pathToFileURL("/")]) {
        const child = await createSubprocessShell("pwd; env | grep -c SECRET", {
          cwd,
          env: { PATH: process.env["PATH"] },
          stdout: PIPE,
        });
        expect(String((await child.communicate())[0])).toBe("/\n0\n");
      }
    }));
});

describe.skipIf(WINDOWS)("the end", () => {
  test("an exit code is the return code (CPython: test_subprocess SubprocessMixin.test_shell; test_events SubprocessTestsMixin.test_subprocess_exitcode)", () =>
    run(async () => {
      const shell = await createSubprocessShell("exit 7");
      expect(shell.returncode).toBeNull();
      expect(await shell.wait()).toBe(7);
      expect(shell.returncode).toBe(7);
    }));

  test("a shell command runs to its end (CPython: test_events SubprocessTestsMixin.test_subprocess_shell)", () =>
    run(async () => {
      const shell = await createSubprocessShell("echo Python", {
        stdin: PIPE,
        stdout: PIPE,
        stderr: PIPE,
      });
      const [out, err] = await shell.communicate();
      expect([String(out).trimEnd(), String(err), shell.returncode]).toEqual(["Python", "", 0]);
    }));

  test("in a session and group of its own (CPython: test_subprocess SubprocessMixin.test_start_new_session; test_events SubprocessTestsMixin.test_subprocess_wait_no_same_group)", () =>
    run(async () => {
      const shell = await createSubprocessShell("exit 8", { processGroup: true });
      expect(await shell.wait()).toBe(8);
      const groupOf = async (processGroup: boolean): Promise<boolean> => {
        const child = await createSubprocessShell("ps -o pgid= -p $$", {
          processGroup,
          stdout: PIPE,
        });
        return Number((await child.communicate())[0]) === child.pid;
      };
      expect([await groupOf(true), await groupOf(false)]).toEqual([true, false]);
    }));

  test("kill (CPython: test_subprocess SubprocessMixin.test_kill; test_events SubprocessTestsMixin.test_subprocess_kill)", () =>
    run(async () => {
      const child = await createSubprocessExec(...BLOCKED);
      expect(child.kill()).toBe(true);
      expect(await child.wait()).toBe(KILLED);
    }));

  test("kill of a shell whose child holds the pipe ends the wait (CPython: test_subprocess SubprocessMixin.test_kill_issue43884)", () =>
    run(async () => {
      const shell = await createSubprocessShell("echo $$; sleep 0.3; sleep 0.3", { stdout: PIPE });
      await shell.stdout.readline();
      shell.kill();
      expect(await shell.wait()).toBe(KILLED);
    }));

  test("terminate (CPython: test_subprocess SubprocessMixin.test_terminate; test_events SubprocessTestsMixin.test_subprocess_terminate)", () =>
    run(async () => {
      const child = await createSubprocessExec(...BLOCKED);
      child.terminate();
      expect(await child.wait()).toBe(signalled("SIGTERM"));
    }));

  test("any other signal, by name and by number (CPython: test_subprocess SubprocessMixin.test_send_signal; test_events SubprocessTestsMixin.test_subprocess_send_signal)", () =>
    run(async () => {
      for (const signal of ["SIGHUP", -signalled("SIGHUP")] as const) {
        const child = await createSubprocessShell("echo sleeping; exec sleep 3600", {
          stdout: PIPE,
        });
        expect(String(await child.stdout.readline())).toBe("sleeping\n");
        child.sendSignal(signal);
        expect(await child.wait()).toBe(signalled("SIGHUP"));
      }
    }));

  test("a signal from outside is told like one of our own", () =>
    run(async () => {
      const child = await createSubprocessExec(...BLOCKED);
      process.kill(child.pid, "SIGKILL");
      expect(await child.wait()).toBe(KILLED);
    }));

  test("a signal after the end is not sent, and says so (CPython, differs: test_subprocess SubprocessTransportTests.test_proc_exited)", () =>
    run(async () => {
      const child = await createSubprocessShell("exit 6");
      expect(await child.wait()).toBe(6);
      const sent = vi.spyOn(process, "kill");
      try {
        expect([child.sendSignal("SIGTERM"), child.terminate(), child.kill()]).toEqual([
          false,
          false,
          false,
        ]);
        expect(sent).not.toHaveBeenCalled();
      } finally {
        sent.mockRestore();
      }
    }));

  test("a signal that crosses the end does no harm (CPython: test_subprocess SubprocessMixin.test_subprocess_send_signal_race)", () =>
    run(async () => {
      for (let round = 0; round < 8; round++) {
        const child = await createSubprocessExec("sleep", ["0.01"]);
        await sleep(9 + round);
        child.sendSignal("SIGUSR1");
        expect([0, signalled("SIGUSR1")]).toContain(await child.wait());
      }
    }));

  test("any number may wait, before and after (CPython: test_subprocess SubprocessMixin.test_subprocess_concurrent_wait)", () =>
    run(async () => {
      const cat = await createSubprocessExec("cat", [], { stdin: PIPE, stdout: PIPE });
      const early = gather(Array.from({ length: 10 }, () => () => cat.wait()));
      const [out] = await cat.communicate("some data");
      expect([String(out), cat.returncode]).toEqual(["some data", 0]);
      expect(await early).toEqual(Array(10).fill(0));
      expect(await gather(Array.from({ length: 10 }, () => () => cat.wait()))).toEqual(
        Array(10).fill(0),
      );
    }));

  test("dispose ends one that runs, and waits for that (CPython: test_subprocess SubprocessMixin.test_close_kill_running)", () =>
    run(async () => {
      const child = await createSubprocessExec(...BLOCKED, { stdin: PIPE });
      expect(child.returncode).toBeNull();
      await child[Symbol.asyncDispose]();
      expect(child.returncode).toBe(signalled("SIGTERM"));
      expect(child.stdin.isClosing()).toBe(true);
    }));

  test("dispose sends nothing to one that has ended (CPython: test_subprocess SubprocessMixin.test_close_dont_kill_finished)", () =>
    run(async () => {
      const child = await createSubprocessExec(...BLOCKED);
      child.kill();
      await child.wait();
      const sent = vi.spyOn(process, "kill");
      try {
        await child[Symbol.asyncDispose]();
        await child[Symbol.asyncDispose]();
        expect(sent).not.toHaveBeenCalled();
      } finally {
        sent.mockRestore();
      }
    }));

  test("after the end, dispose finds its pipes closed, none of them left (CPython: test_events SubprocessTestsMixin.test_subprocess_close_after_finish)", () =>
    run(async () => {
      const before = openDescriptors();
      const child = await createSubprocessShell("exit 3", {
        stdin: PIPE,
        stdout: PIPE,
        stderr: PIPE,
      });
      expect(await child.wait()).toBe(3);
      await child[Symbol.asyncDispose]();
      await eventually(() => openDescriptors() <= before);
      expect(child.returncode).toBe(3);
    }));

  test("is reaped: no zombie is left", () =>
    run(async () => {
      const child = await createSubprocessExec("true");
      await child.wait();
      expect(stateOf(child.pid)).toBeUndefined();
      expect(isRunning(child.pid)).toBe(false);
      expect(childrenOf(process.pid)).not.toContain(child.pid);
    }));

  test("refuses signals that there are not", () =>
    run(async () => {
      const child = await createSubprocessExec(...BLOCKED);
      expect(() => child.sendSignal("SIGNAL" as never)).toThrow(
        /Expected `signal` to be a signal that is known/,
      );
      expect(() => child.sendSignal(-1)).toThrow(RangeError);
      expect(() => child.sendSignal(null as never)).toThrow(TypeError);
      expect(child.sendSignal(0)).toBe(true);
      child.kill();
      await child.wait();
    }));
});

describe.skipIf(WINDOWS)("how it prints", () => {
  test("running, ended, ended by a signal, with what is unread (CPython: test_subprocess SubprocessTransportTests.test_subprocess_repr)", () =>
    run(async () => {
      const child = await createSubprocessShell("echo hello; exec sleep 3600", { stdout: PIPE });
      expect(child).toBeInstanceOf(Process);
      await eventually(() => child.stdout.bufferedBytes > 0);
      expect(inspect(child)).toBe(`<Process '/bin/sh' pid=${child.pid} running unread: stdout=6>`);
      await child.stdout.readline();
      expect(inspect(child)).toBe(`<Process '/bin/sh' pid=${child.pid} running>`);
      child.kill();
      await child.wait();
      expect(inspect(child)).toBe(`<Process '/bin/sh' pid=${child.pid} returncode=${KILLED}>`);
    }));
});

test.skipIf(WINDOWS)("a busy loop of tasks does not keep the end from being told", () =>
  run(async () => {
    const child = await createSubprocessExec("true");
    const spin = async (): Promise<number> => {
      for (let turns = 0; ; turns++) {
        if (child.returncode !== null) return turns;
        await sleep(0);
      }
    };
    expect(await timeout(20_000, spin)).toBeGreaterThan(0);
  }),
);
