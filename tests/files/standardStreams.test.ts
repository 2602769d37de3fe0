/**
 * stdin, stdout and stderr as files: in processes of their own, over pipes and files.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stderr, stdin, stdout } from "ambit/files";
import { describe, expect, test } from "vitest";
import { folders } from "./folder.ts";

const ROOT = join(import.meta.dirname, "../..");
const fresh = folders();

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** What a program is started with. */
interface Ends {
  /** Text, or a descriptor. */
  readonly input?: string | number;
  /** Whether the pipe of its input stays open. */
  readonly held?: boolean;
  readonly output?: number;
}

const HEAD = `
  import { run, sleep, moveOnAfter, taskGroup } from "ambit";
  import { open, stdin, stdout, stderr } from "ambit/files";
`;

function program(source: string, { input = "", held = false, output }: Ends = {}): Promise<Ended> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", HEAD + source], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
    stdio: [typeof input === "number" ? input : "pipe", output ?? "pipe", "pipe"],
  });
  child.stdin?.write(input);
  if (!held) child.stdin?.end();
  let out = "";
  let err = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => child.stdin?.destroy());
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

describe("stdin", () => {
  test("gives its lines, from a pipe", async () => {
    const source = `await run(async () => {
      for await (const line of stdin) await stdout.write(line.toUpperCase());
    });`;
    expect(await program(source, { input: "one\ntwo\r\nüber" })).toEqual({
      code: 0,
      out: "ONE\nTWO\nÜBER",
      err: "",
    });
  });

  test("gives its lines, from a file, and goes on where others stopped", async () => {
    const path = fresh();
    writeFileSync(path, "one\ntwo\nthree\n");
    const fd = openSync(path, "r");
    try {
      const source = `await run(async () => {
        await stdout.write(await stdin.readline());
        await stdout.write(String(await stdin.buffer.read()));
      });`;
      expect((await program(source, { input: fd })).out).toBe("one\ntwo\nthree\n");
      // All of it was read through the descriptor that both have.
      expect((await program(source, { input: fd })).out).toBe("");
    } finally {
      closeSync(fd);
    }
  });

  test("lets the process end when nobody waits for it any more", async () => {
    const source = `await run(async () => {
      await stdout.write(await stdin.readline());
      const { cancelledCaught } = await moveOnAfter(20, async () => {
        await stdin.readline();
        await stdin.readline();
      });
      await stdout.write(String(cancelledCaught));
    });`;
    expect(await program(source, { input: "first\nsecond\n", held: true })).toEqual({
      code: 0,
      out: "first\ntrue",
      err: "",
    });
  });

  test("loses nothing to a read that was cancelled", async () => {
    const source = `await run(async () => {
      const { cancelledCaught } = await moveOnAfter(20, () => stdin.read(100));
      await stdout.write(cancelledCaught + await stdin.readline() + await stdin.readline());
    });`;
    expect((await program(source, { input: "first\nsecond\n", held: true })).out).toBe(
      "truefirst\nsecond\n",
    );
  });
});

describe("stdout", () => {
  test("writes all of it by the end of the run, of the program, and of process.exit", async () => {
    const text = "ä".repeat(100_000);
    const write = `await stdout.write("ä".repeat(100_000)); await stdout.write("end");`;
    for (const source of [
      `await run(async () => { ${write} });`,
      write,
      `await run(async () => { ${write} process.exit(0); });`,
    ]) {
      expect(await program(source)).toEqual({ code: 0, out: `${text}end`, err: "" });
    }
  });

  test("takes bytes, and keeps its order with the console after a flush", async () => {
    const source = `await run(async () => {
      await stdout.buffer.write(Buffer.from("bytes "));
      await stdout.write("text\\n");
      await stdout.flush();
      console.log("console");
      await stdout.write("end");
    });`;
    expect((await program(source)).out).toBe("bytes text\nconsole\nend");
  });

  test("goes to a file", async () => {
    const path = fresh();
    const fd = openSync(path, "w");
    try {
      const source = `await run(async () => {
        for (let line = 0; line < 20_000; line++) await stdout.write(line + "\\n");
      }); process.exitCode = 3;`;
      expect(await program(source, { output: fd })).toEqual({ code: 3, out: "", err: "" });
    } finally {
      closeSync(fd);
    }
    const lines = readFileSync(path, "utf8").split("\n");
    expect([lines.length, lines[19_999]]).toEqual([20_001, "19999"]);
  });

  test("tells the writer when nobody reads any more", async () => {
    const source = `
      await run(async () => {
        await stdin.readline();
        for (;;) await stdout.write("x".repeat(100_000));
      }).catch((error) => { process.exitCode = error.code === "EPIPE" ? 7 : 8; });`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", HEAD + source], {
      cwd: ROOT,
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdout.destroy();
    child.stdin.end("go\n");
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(7);
  });
});

test("stderr goes out with each line", async () => {
  const source = `await run(async () => {
    await stderr.write("half");
    await stderr.write(" line\\nrest");
    process.kill(process.pid, "SIGKILL");
  });`;
  expect((await program(source)).err).toBe("half line\nrest");
});

test("they tell what they are, and are not closed with their object", async () => {
  expect([stdin.name, stdout.path, stderr.fileno()]).toEqual(["<stdin>", "/dev/stdout", 2]);
  expect([stdin.readable(), stdin.writable(), stdout.seekable()]).toEqual([true, false, false]);
  const source = `await run(async () => {
    await stdout.write("before ");
    await stdout.close();
    console.log("after");
    try { await stdout.write("x"); } catch (error) { console.log(error.name); }
  });`;
  expect((await program(source)).out).toBe("before after\nClosedFileError\n");
});
