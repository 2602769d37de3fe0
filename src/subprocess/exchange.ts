/*
 * The talk with a child in one go: all of its input, all of its output.
 */
import { taskGroup } from "../core/taskGroup.ts";
import type { StreamReader } from "../streams/reader.ts";
import type { StreamWriter } from "../streams/writer.ts";
import type { Pipes } from "./pipes.ts";

/** What a child that is gone, or does not read on, makes of a write. */
const GONE = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED"]);
/** How much is read at once where it is dropped, in bytes. */
const GULP = 65_536;

/** Feeds the input and reads both outputs to their ends, all at the same time. @internal */
export function exchange(
  pipes: Pipes,
  input: Uint8Array | string | undefined,
): Promise<[stdout: Buffer | null, stderr: Buffer | null]> {
  return taskGroup(async (group) => {
    const { stdin, stdout, stderr } = pipes;
    const out = stdout === null ? null : group.spawn(() => stdout.read(), { name: "read stdout" });
    const err = stderr === null ? null : group.spawn(() => stderr.read(), { name: "read stderr" });
    if (stdin !== null) await feed(stdin, input);
    return [await out, await err];
  });
}

async function feed(stdin: StreamWriter, input: Uint8Array | string | undefined): Promise<void> {
  try {
    if (input !== undefined && input.length > 0) {
      stdin.write(input);
      await stdin.drain();
    }
  } catch (error) {
    if (!GONE.has(String((error as NodeJS.ErrnoException).code))) throw error;
  } finally {
    stdin.close();
  }
}

/** Reads to the end, and drops what comes. @internal */
export async function discard(reader: StreamReader): Promise<void> {
  try {
    while ((await reader.read(GULP)).length > 0);
  } catch {
    // Another task reads, or the pipe is broken: there is nothing to make way for.
  }
}
