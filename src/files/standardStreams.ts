/*
 * stdin, stdout, stderr: the streams that a process is born with, as files of text (`sys.stdin`, `aiofiles.stdin`).
 *
 * Python's rules: what is written to a terminal, and to stderr anyhow, goes out with each line; other output when it is
 * worth while, at `flush`, and at the end.
 */
import { BufferedFile } from "./bufferedFile.ts";
import { encodingOf } from "./encoding.ts";
import { rulesOf } from "./mode.ts";
import { Newlines } from "./newlines.ts";
import { BUFFER_SIZE } from "./readBuffer.ts";
import { type StandardName, StandardRaw } from "./standardRaw.ts";
import { TextFile } from "./textFile.ts";

function standard(stream: StandardName): TextFile {
  const raw = new StandardRaw(stream);
  const rules = rulesOf(stream === "stdin" ? "r" : "w");
  return new TextFile(new BufferedFile(raw, rules, BUFFER_SIZE, 0), {
    encoding: encodingOf("utf-8", false),
    errors: "strict",
    newlines: new Newlines(null),
    maxLineLength: Infinity,
    get byLines() {
      return stream === "stderr" || raw.isatty();
    },
  });
}

/**
 * Standard input, as text in UTF-8; `stdin.buffer` gives its bytes.
 *
 * It is read only while a read waits, so a program that waits for nothing ends. Closing gives it up and leaves it open.
 *
 * **Cancellation:** a cancelled read takes nothing: what comes later is for the next.
 *
 * @example
 * ```ts no-run
 * import { stdin } from "ambit/files";
 *
 * for await (const line of stdin) console.log(line.trimEnd().toUpperCase());
 * ```
 */
export const stdin: TextFile = /* @__PURE__ */ standard("stdin");

/**
 * Standard output, as text in UTF-8; `stdout.buffer` takes bytes.
 *
 * To a terminal it writes with each line; to a pipe or a file when 64 KiB are there, at `flush`, and at the end of the
 * run or of the process. Closing flushes, gives it up, and leaves it open.
 *
 * @throws {@link FileError} `EPIPE` from a write or flush when nobody reads any more
 *
 * @example
 * ```ts no-run
 * import { stdout } from "ambit/files";
 *
 * await stdout.write("50 %\r");
 * await stdout.flush();
 * ```
 */
export const stdout: TextFile = /* @__PURE__ */ standard("stdout");

/** Standard error, like {@link stdout}; it writes with each line whatever it is. */
export const stderr: TextFile = /* @__PURE__ */ standard("stderr");
