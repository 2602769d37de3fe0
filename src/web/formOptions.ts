/*
 * FormOptions: how much of a form is taken in. What is larger is a 413; the route's `bodyLimit` holds for all of it.
 */
import { expectInteger, expectLimit, wrongType } from "../core/arguments.ts";

/** How much of a form, or of any multipart body, is taken in. */
export interface FormOptions {
  /** How many fields and files there may be. Default 1,000. */
  readonly parts?: number;
  /** The largest value of a field that is no file, in bytes. Default 1 MiB. */
  readonly fieldSize?: number;
  /** The largest file, in bytes; Infinity for what the route's `bodyLimit` leaves. Default: Infinity. */
  readonly fileSize?: number;
  /** The largest head of a part, in bytes. Default 8 KiB. */
  readonly headSize?: number;
  /** A file of at most so many bytes stays in memory, while all of them have at most 16 times as much. Default 64 KiB. */
  readonly memory?: number;
  /** Where larger files wait, until the request's task ends. Default: the system's folder for temporary files. */
  readonly folder?: string;
}

/** The same, complete. @internal */
export interface FormLimits extends Required<Omit<FormOptions, "folder">> {
  readonly folder: string | null;
}

/** @internal */
export function formLimits(options: FormOptions): FormLimits {
  const limits = {
    parts: options.parts ?? 1000,
    fieldSize: options.fieldSize ?? 1024 * 1024,
    fileSize: options.fileSize ?? Infinity,
    headSize: options.headSize ?? 8 * 1024,
    memory: options.memory ?? 64 * 1024,
    folder: options.folder ?? null,
  };
  expectLimit("options.parts", limits.parts, 0);
  expectLimit("options.fieldSize", limits.fieldSize, 0);
  expectLimit("options.fileSize", limits.fileSize, 0);
  expectInteger("options.headSize", limits.headSize, 64);
  expectInteger("options.memory", limits.memory, 0);
  if (limits.folder !== null && typeof limits.folder !== "string")
    throw wrongType("options.folder", "the path of a folder", limits.folder);
  return limits;
}
