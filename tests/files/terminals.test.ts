/**
 * Terminals as files, on one that `script` makes; in real time, for they are outside.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { timeout } from "ambit";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Runs a program at a terminal; types each answer when its question is seen. Gives what the terminal showed. */
async function atTerminal(
  source: string,
  answers: Readonly<Record<string, string>>,
): Promise<string> {
  const command = '"$AMBIT_NODE" --input-type=module --eval "$AMBIT_PROGRAM"';
  const env = {
    ...process.env,
    AMBIT_NODE: process.execPath,
    AMBIT_PROGRAM: source,
    NODE_OPTIONS: "",
  };
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: ROOT, env });
  const due = new Map(Object.entries(answers));
  let shown = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text;
    for (const [question, answer] of due) {
      if (!shown.includes(question)) continue;
      due.delete(question);
      child.stdin.write(answer);
    }
  });
  const [code] = (await timeout(20_000, () => once(child, "close"))) as [number];
  return `${shown.replaceAll("\r\n", "\n")}code ${code}`;
}

describe.skipIf(process.platform !== "linux")("a terminal", () => {
  test("is opened, read and written like a file, and a cancel ends what waits for a key", async () => {
    const program = `
      import { moveOnAfter } from "ambit";
      import { open } from "ambit/files";
      const file = await open("/dev/tty");
      const out = await open("/dev/tty", "w");
      await out.write("a terminal: " + [file.isatty(), file.seekable()] + "\\n");
      const { cancelledCaught } = await moveOnAfter(30, () => file.readline());
      await out.write("given up: " + cancelledCaught + "\\n" + "name?\\n");
      await out.flush();
      const name = await file.readline();
      await out.write("hello " + name + "more?\\n");
      await out.flush();
      for await (const line of file) await out.write("also " + line);
      await file.close();
      await out.close();
    `;
    const shown = await atTerminal(program, { "name?": "Ada\n", "more?": "Bob\n\x04" });
    const lines = shown.split("\n").filter((line) => !/^(Ada|Bob)$/.test(line));
    expect(lines).toEqual([
      "a terminal: true,false",
      "given up: true",
      "name?",
      "hello Ada",
      "more?",
      "also Bob",
      "code 0",
    ]);
  });

  test("that is open keeps no program from ending", async () => {
    const program = `
      import { open } from "ambit/files";
      const file = await open("/dev/tty");
      console.log(String(file.isatty()));
    `;
    expect(await atTerminal(program, {})).toBe("true\ncode 0");
  });
});
