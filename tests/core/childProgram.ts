/*
 * Runs a small program in a process of its own: for what only a process can show, such as exit codes and signals.
 *
 * The program is JavaScript that imports `ambit` from the build; `npm test` builds first.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** What a program left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** How a program is run; `on` sends signals when the output shows a word. */
export interface ChildOptions {
  readonly flags?: readonly string[];
  readonly on?: Readonly<Record<string, NodeJS.Signals>>;
}

/** Runs `source` as a module and waits for its end. */
export function runProgram(
  source: string,
  { flags = [], on = {} }: ChildOptions = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", source], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const due = new Map(Object.entries(on));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    for (const [word, signal] of due) {
      if (!out.includes(word)) continue;
      due.delete(word);
      child.kill(signal);
    }
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, out, err }));
  });
}
