/*
 * Entries of streams, and how they are read in the face of lost connections.
 */
import { sleep } from "../core/sleep.ts";
import { commandNamed } from "./commandNames.ts";
import { RedisConnectionError, RedisLoadingError } from "./errors.ts";

/** An entry of a stream. */
export interface RedisStreamEntry {
  /** The key of the stream. */
  readonly stream: string;
  /** Such as `"1700000000000-0"`. */
  readonly id: string;
  /** Its fields; of a name that it has twice, the last. */
  readonly fields: Readonly<Record<string, string>>;
  /** Its fields as they are: names and values in turn. */
  readonly values: readonly string[];
}

/** An entry, as the server gives it: of one that was deleted, only the id is left. @internal */
export type RawEntry = readonly [id: string, values: readonly string[] | null];

/** What XREAD and XREADGROUP give. @internal */
export type RawStreams =
  | readonly (readonly [stream: string, entries: readonly RawEntry[]])[]
  | null;

/** Objects that inherit nothing; made by a class, they are quicker than those of `Object.create(null)`. */
const Fields = function (this: object) {} as unknown as new () => Record<string, string>;
Fields.prototype = Object.create(null);

/** @internal */
export function fieldsOf(values: readonly string[]): Record<string, string> {
  const fields = new Fields();
  for (let at = 0; at < values.length; at += 2)
    fields[values[at] as string] = values[at + 1] as string;
  return fields;
}

/** What sends commands, and takes back those that block. @internal */
export interface Sender {
  send(
    command: ReturnType<typeof commandNamed>,
    encoding: "utf8",
    args: unknown[],
  ): Promise<unknown>;
}

/** Milliseconds before a server that is not ready yet is asked again. */
const PAUSE = 50;

/**
 * Sends a command that may be repeated, and repeats it when its connection breaks. Null when it was broken off: the next
 * attempt is the caller's.
 * @throws {@link RedisConnectionError} when no new connection is to be had in time
 * @internal
 */
export async function sendOver(sender: Sender, name: string, args: unknown[]): Promise<Answer> {
  try {
    return { broken: false, value: await sender.send(commandNamed(name), "utf8", args) };
  } catch (error) {
    const again =
      (error instanceof RedisConnectionError && error.sent) || error instanceof RedisLoadingError;
    if (!again) throw error;
  }
  await sleep(PAUSE);
  return { broken: true, value: null };
}

/** @internal */
export interface Answer {
  readonly broken: boolean;
  readonly value: unknown;
}
