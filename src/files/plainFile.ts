/*
 * PlainFile: an open file for those who copy and make files: calls by position, without modes, text and buffers.
 *
 * Its errors name what the user asked for, `copyFile` or `atomicWrite`, and not the single call.
 */
import {
  close,
  fchmod,
  fchown,
  fstat,
  fstatSync,
  fsync,
  ftruncate,
  futimes,
  open,
  read,
  type Stats,
  write,
} from "node:fs";
import { inTurn } from "./descriptorLine.ts";
import { closingCall, systemCall } from "./systemCall.ts";

/** @internal */
export class PlainFile {
  readonly #operation: string;
  readonly #path: string;
  readonly #fd: number;

  private constructor(operation: string, path: string, fd: number) {
    this.#operation = operation;
    this.#path = path;
    this.#fd = fd;
  }

  /**
   * Opens a file.
   *
   * **Cancellation:** one that was opened is given, so that it can be closed.
   *
   * @param operation that errors name
   * @param name that errors name, where that is not the path
   */
  static async open(
    operation: string,
    path: string | Buffer,
    flags: string | number,
    mode = 0o666,
    name = String(path),
  ): Promise<PlainFile> {
    return await inTurn(() => PlainFile.openNow(operation, path, flags, mode, name));
  }

  /** Like {@link open}, but fails at once when there are no descriptors left: for who waits for several together. */
  static async openNow(
    operation: string,
    path: string | Buffer,
    flags: string | number,
    mode = 0o666,
    name = String(path),
  ): Promise<PlainFile> {
    const fd = await systemCall<number>(operation, name, (done) => open(path, flags, mode, done));
    return new PlainFile(operation, name, fd);
  }

  /** Fills as much of the buffer as comes at once; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number> {
    return systemCall<number>(this.#operation, this.#path, (done) =>
      read(this.#fd, buffer, 0, buffer.length, position, done),
    );
  }

  /**
   * Writes all of the bytes there.
   *
   * **Cancellation:** some may be written.
   */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await systemCall<number>(this.#operation, this.#path, (done) =>
        write(this.#fd, bytes, at, bytes.length - at, position + at, done),
      );
    }
  }

  stat(): Promise<Stats> {
    return systemCall<Stats>(this.#operation, this.#path, (done) => fstat(this.#fd, done));
  }

  /** At once: no thread is quicker in asking what an open file is. */
  statNow(): Stats {
    return fstatSync(this.#fd);
  }

  chmod(mode: number): Promise<void> {
    return systemCall<void>(this.#operation, this.#path, (done) => fchmod(this.#fd, mode, done));
  }

  chown(uid: number, gid: number): Promise<void> {
    return systemCall<void>(this.#operation, this.#path, (done) =>
      fchown(this.#fd, uid, gid, done),
    );
  }

  truncate(length: number): Promise<void> {
    return systemCall<void>(this.#operation, this.#path, (done) =>
      ftruncate(this.#fd, length, done),
    );
  }

  /** Sets both times, as `systemTime` gives them. */
  setTimes(accessed: string, modified: string): Promise<void> {
    return systemCall<void>(this.#operation, this.#path, (done) =>
      futimes(this.#fd, accessed, modified, done),
    );
  }

  /** Waits until what was written is on the disk. */
  sync(): Promise<void> {
    return systemCall<void>(this.#operation, this.#path, (done) => fsync(this.#fd, done));
  }

  close(): Promise<void> {
    return closingCall(this.#path, (done) => close(this.#fd, done));
  }
}
