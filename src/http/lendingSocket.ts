/*
 * A TCP socket that is read into one buffer, which all such sockets share.
 *
 * Why: Node gives each read of a plain socket 64 KiB of fresh memory, and touching that costs more than
 * all that is done with it: most of the time of a big download. Here a chunk is copied to memory of its
 * own size, which small answers are glad of, too; or, while its user says so, lent: good for the time
 * of the 'readable' event, and written over by the next read.
 * It is Node's `onread`, made to look to undici like any other socket: 'readable', then `read()`. What
 * nobody takes at once is copied, and nothing more is read until that was taken.
 * Limits: for undici's HTTP/1.1 client only: no 'data' events, no async iteration, no TLS on top.
 */
import { Socket, type OnReadOpts, type SocketConstructorOpts } from "node:net";

/** A read of what is copied: more than that at a time would be memory anew for each again. */
const COPIED = 64 * 1024;
/** A read of what is lent: the fewer system calls, the better. */
const LENT = 256 * 1024;

let small: Buffer | null = null;
let large: Buffer | null = null;

/** @internal */
export class LendingSocket extends Socket {
  /** True while chunks are taken by somebody who is done with them when the event is over. */
  lending = false;
  #buffer: Buffer | null = null;
  /** What has come and was not taken. */
  #came: Buffer | null = null;
  /** True when that is in the shared buffer. */
  #shared = false;
  #stopped = false;

  constructor() {
    const made: LendingSocket[] = [];
    const self = (): LendingSocket => made[0] as LendingSocket;
    const onread: OnReadOpts = {
      // Undefined says to go on with the last one.
      buffer: () => self().#next() as Uint8Array,
      callback: (size) => self().#receive(size),
    };
    super({ onread } as SocketConstructorOpts);
    made.push(this);
  }

  /** The buffer for the next read; undefined for the one of the last. */
  #next(): Buffer | undefined {
    const buffer = this.lending
      ? (large ??= Buffer.allocUnsafeSlow(LENT))
      : (small ??= Buffer.allocUnsafeSlow(COPIED));
    // The first time, and for each address that is tried, Node has none yet.
    if (buffer === this.#buffer && !this.connecting) return undefined;
    this.#buffer = buffer;
    return buffer;
  }

  /** Says whether to read on. */
  #receive(size: number): boolean {
    this.#came = (this.#buffer as Buffer).subarray(0, size);
    this.#shared = true;
    this.emit("readable");
    this.#shared = false;
    if (this.#came === null) return true;
    this.#came = Buffer.from(this.#came);
    this.#stopped = true;
    return false;
  }

  override read(size?: number): Buffer | null {
    const came = this.#came;
    if (size === 0 || came === null) return this.#readNothing(size);
    this.#came = null;
    return this.#shared && !this.lending ? Buffer.from(came) : came;
  }

  /** Has Node read on, or tell of the end. */
  #readNothing(size: number | undefined): null {
    super.read(size);
    if (this.#stopped && this.#came === null) {
      this.#stopped = false;
      this.resume();
    }
    return null;
  }

  /**
   * What undici has read and does not want yet. No bytes at all stop the reading, too: undici breaks
   * when it hears of the end before it wants to go on.
   */
  override unshift(chunk: Buffer): void {
    this.#came = chunk;
  }
}
