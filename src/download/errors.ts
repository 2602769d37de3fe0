/*
 * What `downloadAll` throws, besides a cancel: what concerns the run as a whole.
 */

/**
 * The run was stopped because the folder or the journal takes nothing more: the disk is full, broken,
 * read-only, or permission is denied.
 */
export class DiskError extends Error {
  override readonly name = "DiskError";
  /** The code of the cause, such as `"ENOSPC"`. */
  readonly code: string | undefined;

  /** @internal */
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.code = (cause as NodeJS.ErrnoException | undefined)?.code;
  }
}
