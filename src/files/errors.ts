/*
 * The errors of files.
 *
 * What the system reports is one class, `FileError`, with the system's code: there are more codes than anybody wants
 * classes. What a program did wrong by itself has classes of its own.
 */

/** What the system could not do. */
export interface FileFailure {
  /** The operation, as it is called here: `open`, `read`, `rename`. */
  readonly operation: string;
  /** The file it was for. */
  readonly path: string;
  /** Why, by Node's name: `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`. */
  readonly code: string;
}

/**
 * Thrown when the system could not do what was asked of a file (`OSError`: `FileNotFoundError` is the code `ENOENT`,
 * `FileExistsError` `EEXIST`, `PermissionError` `EACCES` or `EPERM`, `IsADirectoryError` `EISDIR`).
 *
 * @example
 * ```ts
 * import { FileError, open } from "ambit/files";
 *
 * const error = await open("/no/such/file", "rb").catch((error: unknown) => error);
 * error instanceof FileError && error.code; // => "ENOENT"
 * String(error); // => "FileError: open '/no/such/file': no such file or directory (ENOENT)"
 * ```
 */
export class FileError extends Error {
  override readonly name: string = "FileError";
  /** The operation, as it is called here: `open`, `read`, `rename`. */
  readonly operation: string;
  /** The file it was for. */
  readonly path: string;
  /** Why, by Node's name: `ENOENT`, `EEXIST`, `EACCES`, `ENOSPC`. */
  readonly code: string;

  /** @param words why, as a clause for people */
  constructor(words: string, { operation, path, code }: FileFailure, options?: ErrorOptions) {
    super(`${operation} '${path}': ${words} (${code})`, options);
    this.operation = operation;
    this.path = path;
    this.code = code;
  }
}

/** What Node reports, with what was asked for. @internal */
export function fileError(operation: string, path: string, cause: unknown): FileError {
  const { code = "UNKNOWN", message } = cause as NodeJS.ErrnoException;
  // Node's text: "ENOENT: no such file or directory, open '/no/such/file'".
  const words = /^[A-Z0-9_]+: (.*?)(?:, \w+(?: '.*')?)?$/s.exec(message)?.[1] ?? message;
  return new FileError(words, { operation, path, code }, { cause });
}

/** Thrown by an operation on a file that was closed (Python's `ValueError: I/O operation on closed file`). */
export class ClosedFileError extends Error {
  override readonly name = "ClosedFileError";
}

/** Thrown for what a file can't do: reading one opened for writing, seeking in a pipe (`io.UnsupportedOperation`). */
export class UnsupportedOperationError extends Error {
  override readonly name = "UnsupportedOperationError";
}

/** What could not be decoded. */
export interface UndecodableBytes {
  readonly encoding: string;
  /** The file. */
  readonly path: string;
  /** Where they begin: bytes from where the file, or for a pipe its reading, began. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Thrown under `errors: "strict"` by a read that comes upon bytes that mean nothing (`UnicodeDecodeError`). */
export class UnicodeDecodeError extends Error {
  override readonly name = "UnicodeDecodeError";
  readonly encoding: string;
  /** The file. */
  readonly path: string;
  /** Where they begin: bytes from where the file, or for a pipe its reading, began. */
  readonly position: number;
  /** The bytes that mean nothing. */
  readonly bytes: Uint8Array;

  constructor(reason: string, { encoding, path, position, bytes }: UndecodableBytes) {
    const shown = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    super(`'${path}' is not ${encoding}: ${reason} (${shown}) at byte ${position}`);
    this.encoding = encoding;
    this.path = path;
    this.position = position;
    this.bytes = bytes;
  }
}

/** What could not be encoded. */
export interface UnencodableText {
  readonly encoding: string;
  /** Where in the text that was to be written. */
  readonly index: number;
  readonly character: string;
}

/** Thrown under `errors: "strict"` by a write of a character that the encoding has not (`UnicodeEncodeError`). */
export class UnicodeEncodeError extends Error {
  override readonly name = "UnicodeEncodeError";
  readonly encoding: string;
  /** Where in the text that was to be written. */
  readonly index: number;
  readonly character: string;

  constructor({ encoding, index, character }: UnencodableText) {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    super(`U+${code} at index ${index} of the text can't be written in ${encoding}`);
    this.encoding = encoding;
    this.index = index;
    this.character = character;
  }
}
