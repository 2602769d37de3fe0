/*
 * LockClaim: one attempt at a lock that processes share, and its entry.
 *
 * Strategy: see `lockFolder.ts`. An attempt makes one step after the other until a living holder is in the way; it is
 * repeated until none is. Who wants the lock alone keeps the place while others still share it, so that newcomers don't
 * hold it off for ever.
 */
import { readlinkSync, rmdirSync, unlinkSync } from "node:fs";
import { sleep } from "../core/sleep.ts";
import { FileError, fileError } from "./errors.ts";
import { atProcessExit } from "./exitCleanup.ts";
import { EXCLUSIVE, LockFolder, SHARED } from "./lockFolder.ts";
import { LockHeartbeat } from "./lockHeartbeat.ts";
import { newRecord, readRecord } from "./lockRecord.ts";
import { LockWatch } from "./lockWatch.ts";

/**
 * How often another is waited for who removes what a dead holder left: it takes him a moment, unless he was stopped.
 */
const MOST_WAITS = 100;
/** What systems say when nothing new can be made. */
const NO_ROOM: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/** @internal */
export class LockClaim {
  readonly shared: boolean;
  readonly #folder: LockFolder;
  #text = "";
  #name = EXCLUSIVE;
  readonly #takeBack: () => void;
  #heartbeat: LockHeartbeat | null = null;

  constructor(path: string, shared: boolean) {
    this.shared = shared;
    this.#folder = new LockFolder(path, new LockWatch());
    this.#takeBack = atProcessExit(() => this.#removeNow());
  }

  get path(): string {
    return this.#folder.path;
  }

  /** Whether its entry is there, as far as is known. */
  get stands(): boolean {
    return this.#heartbeat?.lost === false;
  }

  /** Whether its entry is there, by a look. */
  confirm(): boolean {
    if (!this.stands) return false;
    try {
      return readlinkSync(this.#folder.entry(this.#name)) === this.#text;
    } catch {
      return false;
    }
  }

  /** The text of the entry that is in the way; null when the lock is held. */
  attempt(): Promise<string | null> {
    return this.shared ? this.#share() : this.#exclude();
  }

  async #share(): Promise<string | null> {
    await this.#make();
    const holder = await this.#livingHolder(EXCLUSIVE);
    if (holder !== null) await this.withdraw();
    return holder;
  }

  async #exclude(): Promise<string | null> {
    while (!this.stands && !(await this.#make())) {
      const holder = await this.#livingHolder(EXCLUSIVE);
      if (holder !== null) return holder;
    }
    for (const name of await this.#folder.names()) {
      if (name === EXCLUSIVE) continue;
      const holder = await this.#livingHolder(name);
      if (holder !== null && name.startsWith(SHARED)) return holder;
    }
    return null;
  }

  /** Each time a new entry: what others have seen of the last one means nothing for this one. */
  async #make(): Promise<boolean> {
    this.#text = newRecord();
    if (this.shared) this.#name = SHARED + (readRecord(this.#text)?.token ?? "");
    if (!(await this.#folder.make(this.#name, this.#text))) return false;
    this.#heartbeat = new LockHeartbeat(this.#folder.entry(this.#name), this.#text);
    return true;
  }

  /** The text of an entry whose maker lives; those of dead ones are removed. */
  async #livingHolder(name: string): Promise<string | null> {
    for (let waits = 0; ; waits++) {
      const text = await this.#folder.read(name);
      if (text === null) return null;
      if (waits === MOST_WAITS || !(await this.#folder.isDead(name, text))) return text;
      if (name.startsWith(SHARED)) await this.#folder.remove(name);
      else if ((await this.#folder.break(name, text)) === "left to another") await sleep(1);
    }
  }

  /** Takes the entry back; false when another place had taken it for dead. */
  async withdraw(): Promise<boolean> {
    const heartbeat = this.#heartbeat;
    this.#heartbeat = null;
    heartbeat?.stop();
    const wasThere = heartbeat === null || (await this.#remove());
    // Also without an entry: the folder may have been made for one.
    await this.#folder.tidy();
    return wasThere && heartbeat?.lost !== true;
  }

  async #remove(): Promise<boolean> {
    // Under a name that is only ours, nothing else can be.
    if (this.shared) return this.#folder.remove(this.#name);
    try {
      while ((await this.#folder.break(this.#name, this.#text)) !== "removed") {
        if ((await this.#folder.read(this.#name)) !== this.#text) return false;
        await sleep(1); // Another place is about to break it, or has died of it.
      }
      return true;
    } catch (error) {
      if (error instanceof FileError && NO_ROOM.has(error.code)) return this.#removeOwn();
      throw error;
    }
  }

  /**
   * Without the marker that keeps others away, for which a full disk has no room. That could harm only who was waiting on another
   * machine for this entry to be silent for long enough, and makes one just between these two calls.
   */
  #removeOwn(): boolean {
    const entry = this.#folder.entry(this.#name);
    try {
      if (readlinkSync(entry) !== this.#text) return false;
      unlinkSync(entry);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw fileError("fileLock", this.path, error);
    }
  }

  /** It will not be tried again. */
  end(): void {
    this.#takeBack();
  }

  #removeNow(): void {
    const entry = this.#folder.entry(this.#name);
    if (readlinkSync(entry) === this.#text) unlinkSync(entry);
    rmdirSync(this.#folder.path);
  }
}
