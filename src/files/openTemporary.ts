/*
 * Opening a file of a name that nobody can guess, for this user alone, to be read and written.
 *
 * One that needs no name loses it at once, where the system lets an open file lose its name: then nothing can leave it
 * behind.
 */
import { constants, unlink, unlinkSync } from "node:fs";
import { protect } from "../core/shield.ts";
import { Descriptor } from "./descriptor.ts";
import { FileError } from "./errors.ts";
import { atProcessExit } from "./exitCleanup.ts";
import { openRaw } from "./openRaw.ts";
import { systemCall } from "./systemCall.ts";
import { type TemporaryOptions, temporaryPath } from "./temporaryName.ts";

const { O_CREAT, O_EXCL, O_RDWR } = constants;

/** A file that loses its name when it is closed, or when the process ends. @internal */
export class NamedTemporary extends Descriptor {
  readonly #takeBack: (() => void)[];
  #hasName = true;

  constructor(path: string, fd: number) {
    super(path, fd, true);
    this.#takeBack = [atProcessExit(() => unlinkSync(path))];
  }

  /** Has a function called when its name is gone. */
  whenGone(takeBack: () => void): void {
    this.#takeBack.push(takeBack);
  }

  async loseName(): Promise<void> {
    if (!this.#hasName) return;
    this.#hasName = false;
    for (const takeBack of this.#takeBack) takeBack();
    // That it is gone already is fine.
    await systemCall<void>("unlink", this.name, (done) =>
      unlink(this.name, (error) => done(error?.code === "ENOENT" ? null : error)),
    );
  }

  override async close(): Promise<void> {
    try {
      await this.loseName();
    } finally {
      await super.close();
    }
  }
}

/**
 * **Cancellation:** when the system has made it, it is given to the caller, who has to close it.
 * @internal
 */
export async function openNamed(options: TemporaryOptions): Promise<NamedTemporary> {
  for (;;) {
    const path = temporaryPath(options);
    try {
      const how = { flags: O_RDWR | O_CREAT | O_EXCL, permissions: 0o600, patience: 5000 };
      const { raw } = await openRaw(path, how);
      return new NamedTemporary(path, raw.fd);
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== "EEXIST") throw error;
    }
  }
}

/** Like {@link openNamed}, without a name where that can be. @internal */
export async function openNameless(options: TemporaryOptions): Promise<NamedTemporary> {
  const file = await openNamed(options);
  // An open file of Windows keeps its name.
  if (process.platform === "win32") return file;
  try {
    await protect(() => file.loseName());
    return file;
  } catch (error) {
    await protect(() => file.close());
    throw error;
  }
}
