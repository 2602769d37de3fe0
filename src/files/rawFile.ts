/*
 * RawFile: what a file object stands on. Each method is one call of the system (Python's `io.RawIOBase`).
 */

import type { Done } from "./systemCall.ts";

/** A file with something gathered. @internal */
export interface Gathering {
  inTurn<T>(operation: string, body: () => Promise<T>): Promise<T>;
  flush(): Promise<void>;
  takeGathered(): Buffer;
}

/** @internal */
export interface RawFile {
  /** As it was given, for messages. */
  readonly name: string;
  /** Where it is found, when that is not its name. */
  readonly path?: string;
  /** The descriptor; -1 when there is none. */
  readonly fd: number;
  /** Whether it has positions; a pipe, a terminal and a socket have none. */
  readonly seekable: boolean;
  /**
   * Fills a part of the buffer as far as comes at once; gives how many bytes, 0 at the end.
   * @param position in the file; null where it has none
   */
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<number>;
  /** Writes a part of the buffer, as much as the system takes at once; gives how many bytes. */
  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<number>;
  /** Begins to read at a position; calls back when it is done. Left out where nothing is gained by it. */
  begin?(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: Done<number>,
  ): void;
  /** Waits until the system has all that was written; left out where a write does so. A cancel may end the wait. */
  settle?(): Promise<void>;
  /** Ends what waits in it, as the file is being closed. */
  interrupt?(): void;
  /** Told when something is gathered to be written, after nothing was. */
  gathering?(file: Gathering): void;
  /** How many bytes it has. */
  size(): Promise<number>;
  truncate(length: number): Promise<void>;
  /** Waits until what was written is on the disk; without `metadata`, not its times and the like. */
  sync(metadata: boolean): Promise<void>;
  /** Closes it, whatever happens. Called once, when no other call is under way. */
  close(): Promise<void>;
  isatty(): boolean;
}
