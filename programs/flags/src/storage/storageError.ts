/*
 * A file or the output folder could not be written. The message is for the user, in one line.
 * `fatal` tells the troubles that every further file would meet (a full disk, a folder that is
 * gone) from those of this one file (a folder of the same name is in the way): the first end the
 * run, the others are the outcome of one flag.
 */
/** A failure to write, with a message for the user. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly fatal: boolean;

  constructor(message: string, options: { readonly fatal: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause });
    this.fatal = options.fatal;
  }
}

/**
 * A StorageError again, of one that came from a thread: the class there is another one than here.
 * Anything else as it is.
 */
export function asStorageError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "StorageError") return error;
  const { message, cause } = error;
  return new StorageError(message, { fatal: (error as StorageError).fatal, cause });
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "no space left on the disk",
  EDQUOT: "the disk quota is used up",
  EROFS: "the file system is read-only",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "the disk reports an input/output error",
  ENOENT: "there is no such folder",
  ENOTDIR: "a part of the path is a file, not a folder",
  EEXIST: "it is a file, not a folder",
  EISDIR: "a folder of that name is in the way",
  ENOTEMPTY: "a folder of that name is in the way",
  ENAMETOOLONG: "the name is too long",
  EFBIG: "the file is too large",
  EMFILE: "too many open files",
};

const singleFile = new Set(["EISDIR", "EEXIST", "ENOTEMPTY", "ENAMETOOLONG"]);

/** Puts an error of node:fs into words: `<doing>: <reason>`. */
export function storageError(doing: string, error: unknown): StorageError {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  return new StorageError(`${doing}: ${reason}`, { fatal: !singleFile.has(code), cause: error });
}
