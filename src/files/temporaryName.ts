/*
 * Where something temporary goes, and how it is called: a name that nobody can guess.
 */
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { outOfRange, wrongType } from "../core/arguments.ts";
import { expectPath, type FilePath, pathOf } from "./path.ts";

/** Where something temporary is made, and how it is called. */
export interface TemporaryOptions {
  /** The folder that it is made in. Default: the system's, which `TMPDIR` names. */
  readonly dir?: FilePath;
  /** What its name begins with. Default `ambit-`. */
  readonly prefix?: string;
  /** What its name ends with, such as `.json`. Default: nothing. */
  readonly suffix?: string;
}

/** An absolute path that is most likely free. @internal */
export function temporaryPath(options: TemporaryOptions): string {
  const { dir = tmpdir(), prefix = "ambit-", suffix = "" } = options;
  expectPath("options.dir", dir);
  expectNamePart("options.prefix", prefix);
  expectNamePart("options.suffix", suffix);
  return join(resolve(pathOf(dir)), `${prefix}${randomName()}${suffix}`);
}

/** 80 bits. @internal */
export function randomName(): string {
  return randomBytes(10).toString("hex");
}

function expectNamePart(name: string, part: unknown): void {
  if (typeof part !== "string") throw wrongType(name, "a string", part);
  if (/[/\\\0]/.test(part)) throw outOfRange(name, "part of a name, without separators", part);
}
