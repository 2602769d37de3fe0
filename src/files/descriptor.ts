/*
 * Descriptor: a file by its number, as the system opened it.
 *
 * Strategy: always at a position of ours where the file has any, so that a call that failed or was not waited for has
 * moved nothing. What the descriptor tells by itself (`fstat`) is asked for at once: no thread is quicker.
 */
import { close, fdatasync, fstatSync, fsync, ftruncate, read, write } from "node:fs";
import { isatty } from "node:tty";
import { fileError } from "./errors.ts";
import type { RawFile } from "./rawFile.ts";
import { closingCall, type Done, systemCall } from "./systemCall.ts";

/** @internal */
export class Descriptor implements RawFile {
  readonly name: string;
  readonly fd: number;
  readonly seekable: boolean;

  constructor(name: string, fd: number, seekable: boolean) {
    this.name = name;
    this.fd = fd;
    this.seekable = seekable;
  }

  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<number> {
    return systemCall<number>("read", this.name, (done) => {
      read(this.fd, buffer, offset, length, position, done);
    });
  }

  write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<number> {
    return systemCall<number>("write", this.name, (done) => {
      write(this.fd, buffer, offset, length, position, done);
    });
  }

  begin(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: Done<number>,
  ): void {
    read(this.fd, buffer, offset, length, position, done);
  }

  async size(): Promise<number> {
    try {
      return fstatSync(this.fd).size;
    } catch (error) {
      throw fileError("stat", this.name, error);
    }
  }

  truncate(length: number): Promise<void> {
    return systemCall<void>("truncate", this.name, (done) => ftruncate(this.fd, length, done));
  }

  sync(metadata: boolean): Promise<void> {
    const call = metadata ? fsync : fdatasync;
    return systemCall<void>("sync", this.name, (done) => call(this.fd, done));
  }

  close(): Promise<void> {
    return closingCall(this.name, (done) => close(this.fd, done));
  }

  isatty(): boolean {
    return isatty(this.fd);
  }
}
