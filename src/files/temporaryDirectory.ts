/*
 * temporaryDirectory: a folder that is there as long as it is used.
 *
 * Strategy: made with a name that nobody can guess, for this user alone. It goes with its block; one that nobody removed
 * goes with its run, or at the end of the process.
 * Limits: see `exitCleanup.ts`. What another process still writes into it may keep it from going.
 */
import { mkdir, rmSync } from "node:fs";
import { onRunnerEnd } from "../core/run.ts";
import { INSPECT } from "../core/inspection.ts";
import { protect } from "../core/shield.ts";
import { systemCall } from "./systemCall.ts";
import { atProcessExit } from "./exitCleanup.ts";
import { rmtree } from "./rmtree.ts";
import { type TemporaryOptions, temporaryPath } from "./temporaryName.ts";

/**
 * A folder that is removed with all that is in it, at the end of its `await using` block.
 *
 * Invariant: there until it is cleaned up; then gone.
 */
export class TemporaryDirectory implements AsyncDisposable {
  /** Where it is: an absolute path. */
  readonly path: string;
  #removal: Promise<void> | null = null;
  readonly #takeBack: readonly (() => void)[];

  /** @internal */
  constructor(path: string) {
    this.path = path;
    this.#takeBack = [
      onRunnerEnd(() => this.cleanup()),
      atProcessExit(() => rmSync(path, { recursive: true })),
    ];
  }

  /**
   * Removes it now; may be called again.
   *
   * **Cancellation:** none reaches it; one that comes meanwhile is thrown by the next wait.
   *
   * @throws {@link FileError} when something in it cannot be removed: it is tried again by the next call, by the end of
   * the run, or of the process
   */
  cleanup(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      await protect(() => rmtree(this.path, { missingOk: true }));
      for (const takeBack of this.#takeBack) takeBack();
    } catch (error) {
      this.#removal = null;
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cleanup();
  }

  /** @internal */
  [INSPECT](): string {
    return `<TemporaryDirectory '${this.path}'${this.#removal === null ? "" : " removed"}>`;
  }
}

/**
 * Makes a folder for this user alone that goes with its block (`tempfile.TemporaryDirectory`).
 *
 * `await using` removes it however the block ends. One that is not removed so goes at the end of its `run`, or of the
 * process when that ends by itself, by `process.exit`, or by a signal that the program handles (`run` handles SIGINT and
 * SIGTERM). A process that is killed leaves it where it is.
 *
 * **Cancellation:** waits until the system has made it; then it is given, and removed as ever.
 *
 * @throws {@link FileError} when no folder can be made there
 *
 * @example
 * ```ts
 * import { exists, temporaryDirectory } from "ambit/files";
 *
 * let path = "";
 * {
 *   await using folder = await temporaryDirectory({ prefix: "build-" });
 *   path = folder.path;
 * }
 * await exists(path); // => false
 * ```
 */
export async function temporaryDirectory(
  options: TemporaryOptions = {},
): Promise<TemporaryDirectory> {
  for (;;) {
    const path = temporaryPath(options);
    const isNew = await systemCall<boolean>("temporaryDirectory", path, (done) =>
      mkdir(path, 0o700, (error) => {
        if (error?.code === "EEXIST") done(null, false);
        else done(error, true);
      }),
    );
    if (isNew) return new TemporaryDirectory(path);
  }
}
