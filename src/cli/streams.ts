/*
 * The three streams that a command speaks through, as far as commands use them.
 */
import type { Readable } from "node:stream";

/** Where text goes: `process.stdout` fits, and so does an object with a list in a test. */
export interface Output {
  write(text: string): unknown;
  /** It is a terminal. */
  readonly isTTY?: boolean | undefined;
  /** Of a terminal: its width and height in characters. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Of a terminal: whether it shows colours; Node's answer minds `NO_COLOR` and `FORCE_COLOR`. */
  hasColors?(): boolean;
}

/** What a command reads and writes. */
export interface Streams {
  /** Standard input; opened when it is asked for. */
  readonly in: () => Readable;
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The streams of the process. */
export function processStreams(): Streams {
  const { stdout: out, stderr: err, env } = process;
  // Whoever reads our output may go away first (`ambit get --json … | head`): the work goes on.
  for (const stream of [out, err]) stream.on("error", ignoreClosedPipe);
  return { in: () => process.stdin, out, err, env };
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
