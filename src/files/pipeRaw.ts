/*
 * Named pipes and terminals that are opened by their path.
 *
 * Strategy: opened without blocking, or a thread of Node's pool would hang in the call until another process has the
 * other end, and nothing could end it; a few of them, and no file of the program could be read. To read is fine then;
 * to write is refused until somebody reads, so it is tried again and again, as Python's `open` would wait.
 */
import { closeSync, constants, stat, type Stats } from "node:fs";
import { Socket } from "node:net";
import { ReadStream, WriteStream } from "node:tty";
import { sleep } from "../core/sleep.ts";
import type { Descriptor } from "./descriptor.ts";
import { FileError } from "./errors.ts";
import type { ModeRules } from "./mode.ts";
import { type OpenedRaw, openRaw, type RawOptions } from "./openRaw.ts";
import type { RawFile } from "./rawFile.ts";
import { type StreamEnds, StreamRaw } from "./streamRaw.ts";
import { systemCall } from "./systemCall.ts";

/** Unknown to Windows. */
const O_NONBLOCK = constants.O_NONBLOCK ?? 0;
/** Milliseconds between two attempts. */
const PAUSE = 10;

/**
 * Opens whatever is there.
 *
 * **Cancellation:** when the system has opened it, it is given to the caller, who has to close it. Waiting for a reader
 * ends.
 * @internal
 */
export async function openAny(
  name: string,
  rules: ModeRules,
  options: Omit<RawOptions, "flags">,
): Promise<{ readonly raw: RawFile; readonly stats: Stats }> {
  const how = { ...options, flags: rules.flags | O_NONBLOCK };
  const { raw, stats } = await openWaiting(name, how);
  const tty = stats.isCharacterDevice() && raw.isatty();
  if (!stats.isFIFO() && !tty) return { raw, stats };
  return { raw: new StreamRaw(name, raw.fd, tty, endsOf(raw, rules, tty)), stats };
}

async function openWaiting(name: string, options: RawOptions): Promise<OpenedRaw> {
  for (;;) {
    try {
      return await openRaw(name, options);
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== "ENXIO" || !(await isPipe(name)))
        throw error;
    }
    await sleep(PAUSE);
  }
}

async function isPipe(name: string): Promise<boolean> {
  const stats = await systemCall<Stats>("open", name, (done) => stat(name, done));
  return stats.isFIFO();
}

function endsOf({ fd }: Descriptor, { readable, writable }: ModeRules, tty: boolean): StreamEnds {
  try {
    if (!tty) {
      const socket = new Socket({ fd, readable, writable });
      return { readable: readable ? socket : null, writable: writable ? socket : null };
    }
    return {
      readable: readable ? new ReadStream(fd) : null,
      writable: writable ? new WriteStream(fd) : null,
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
