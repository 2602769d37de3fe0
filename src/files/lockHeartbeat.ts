/*
 * The heartbeat of a lock: says to those at other places that its holder lives (`lockWatch.ts`), and tells the holder
 * when its entry is gone.
 *
 * It goes by real time, also in virtual time, for the others do; and by a timer that holds no process, so that a lock
 * that nobody gave back does not keep a program from ending. The loop's timers do neither.
 */
import { lutimes, readlink } from "node:fs";

/** Milliseconds; several are missed before anybody takes the holder for dead. */
const RENEWAL = 5000;

/** @internal */
export class LockHeartbeat {
  readonly #path: string;
  readonly #text: string;
  readonly #timer: NodeJS.Timeout;
  #lost = false;

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
    this.#timer = setInterval(() => this.#beat(), RENEWAL);
    this.#timer.unref();
  }

  /** Whether the entry was found to be gone. */
  get lost(): boolean {
    return this.#lost;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    readlink(this.#path, "utf8", (error, text) => {
      if (error === null ? text !== this.#text : error.code === "ENOENT") this.#lost = true;
      else this.#renew();
    });
  }

  #renew(): void {
    const now = Date.now() / 1000;
    // An entry that cannot be renewed now may be so next time.
    lutimes(this.#path, now, now, () => {});
  }
}
