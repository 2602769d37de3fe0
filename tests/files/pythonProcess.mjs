// CPython in a process of its own: a program a line in, what came of it a line out.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { loadPyodide } from "pyodide";

const python = await loadPyodide({ stdout: () => {}, stderr: () => {} });
python.runPython(readFileSync(new URL("python.py", import.meta.url), "utf8"));
/** @type {(program: string) => string} */
const answer = python.globals["get"]("answer");
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${answer(line)}\n`);
}
