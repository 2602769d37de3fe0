/*
 * In a worker: what a running call says to whoever submitted it, and hears from there.
 *
 * Strategy: what is sent is bounded here, where it comes from: items of a stream by what the reader has room for, calls back
 * by a window, news of progress by time. So a worker that floods fills its own memory and not its caller's.
 */
import type { TransferListItem } from "node:worker_threads";
import type { TimerHandle } from "../core/clock.ts";
import { getRunningLoop } from "../core/scope.ts";
import { suspend } from "../core/suspend.ts";
import type { Wait } from "../core/suspension.ts";
import { pathOfUncloneable } from "./cloning.ts";
import { whenArrived } from "./parcel.ts";
import type { CallbackMark, FromCall, Manners, ToCall } from "./talk.ts";
import { collectTransfers } from "./transfer.ts";
import type { WorkerPort } from "./workerPort.ts";

/** Calls back under way at once. */
const WINDOW = 64;
/** Items in one message. */
const BATCH = 64;
/** Items wait no longer than this for others to travel with, in milliseconds. */
const PATIENCE = 1;

const loop = getRunningLoop();

interface Ask {
  readonly of: number;
  readonly args: readonly unknown[];
  readonly wait: Wait<unknown>;
}

/** @internal */
export class WorkerTalk {
  readonly #id: number;
  readonly #port: WorkerPort;
  readonly #asked = new Map<number, Ask>();
  readonly #asking: Ask[] = [];
  readonly #news: (() => void)[] = [];
  #asks = 0;
  #items: unknown[] = [];
  #oldest = 0;
  #flushing: TimerHandle | null = null;
  #room: number;
  #reader: Wait<void> | null = null;
  #failure: TypeError | null = null;
  #closed = false;

  constructor(id: number, port: WorkerPort, manners: Manners) {
    this.#id = id;
    this.#port = port;
    this.#room = manners.stream ?? 0;
  }

  heard(what: ToCall): void {
    if ("more" in what) {
      this.#room += what.more;
      this.#reader?.resolve();
      this.#reader = null;
      return;
    }
    const ask = this.#asked.get(what.reply);
    this.#asked.delete(what.reply);
    this.#askNext();
    if (ask === undefined) return;
    if ("value" in what) return void ask.wait.resolve(what.value);
    whenArrived(what.thrown, (error) => ask.wait.reject(error));
  }

  #send(what: FromCall, values: readonly unknown[], words: string): void {
    const moved: TransferListItem[] = [];
    const { medium } = this.#port;
    if (medium.moves) collectTransfers(values, moved);
    try {
      this.#port.send({ told: this.#id, what }, moved);
    } catch (cause) {
      const path = pathOfUncloneable(values, words, medium) ?? words;
      throw new TypeError(`${path} cannot be cloned for the ${medium.noun} that called`, { cause });
    }
  }

  /** Puts callbacks where they stood in the arguments. */
  attach(args: readonly unknown[], callbacks: readonly CallbackMark[]): void {
    for (const [of, { path, every }] of callbacks.entries()) {
      let at = args as unknown as Record<string | number, unknown>;
      for (const step of path.slice(0, -1)) at = at[step] as typeof at;
      at[path.at(-1) as string] = every === null ? this.#asker(of) : this.#teller(of, every);
    }
  }

  #asker(of: number): (...args: unknown[]) => Promise<unknown> {
    return (...args) => this.#ask(of, args);
  }

  #ask(of: number, args: readonly unknown[]): Promise<unknown> {
    return suspend<unknown>(
      (wait) => {
        if (this.#closed) throw new Error("callback: the call that it was given to has ended");
        const ask: Ask = { of, args, wait };
        if (this.#asked.size >= WINDOW) this.#asking.push(ask);
        else this.#begin(ask);
        return () => this.#drop(ask);
      },
      undefined,
      "callback",
    );
  }

  #begin(ask: Ask): void {
    const number = ++this.#asks;
    const { of, args } = ask;
    this.#send({ ask: number, of, args }, args, "args of a callback");
    this.#asked.set(number, ask);
  }

  #askNext(): void {
    const next = this.#asking.shift();
    if (next === undefined) return;
    try {
      this.#begin(next);
    } catch (error) {
      next.wait.reject(error);
      this.#askNext();
    }
  }

  #drop(ask: Ask): void {
    const waiting = this.#asking.indexOf(ask);
    if (waiting !== -1) return void this.#asking.splice(waiting, 1);
    for (const [number, asked] of this.#asked) {
      if (asked === ask) this.#port.send({ told: this.#id, what: { drop: number } }, []);
    }
  }

  #teller(of: number, every: number): (...args: unknown[]) => void {
    let latest: unknown[] | null = null;
    let next = -Infinity;
    let timer: TimerHandle | null = null;
    const send = (): void => {
      timer?.cancel();
      timer = null;
      if (latest === null) return;
      const args = latest;
      latest = null;
      next = loop.time() + every;
      this.#send({ tell: of, args }, args, "args of a progress callback");
    };
    this.#news.push(send);
    return (...args) => {
      if (this.#closed) return;
      latest = args;
      const left = next - loop.time();
      if (left <= 0) send();
      // For a call that awaits; one that does not comes by here, or ends.
      else timer ??= loop.callLater(left, send);
    };
  }

  /** Gives the reader an item. @throws when an earlier one could not be cloned */
  give(item: unknown): void {
    if (this.#items.length === 0) {
      this.#oldest = loop.time();
      this.#flushing = loop.callLater(PATIENCE, () => this.flushItems());
    }
    this.#items.push(item);
    this.#room--;
    const full = this.#items.length >= BATCH || this.#room <= 0;
    if (full || loop.time() - this.#oldest >= PATIENCE) this.flushItems();
    this.mustHaveSent();
  }

  /** Whether the reader has no room for another item. */
  get full(): boolean {
    return this.#room <= 0;
  }

  /** Ends when the reader has room. */
  room(): Promise<void> {
    return suspend<void>(
      (reader) => {
        this.#reader = reader;
      },
      undefined,
      "room in the stream",
    );
  }

  flushItems(): void {
    this.#flushing?.cancel();
    this.#flushing = null;
    const items = this.#items;
    if (items.length === 0) return;
    this.#items = [];
    try {
      this.#send({ items }, items, "items of the stream");
    } catch (error) {
      this.#failure = error as TypeError;
    }
  }

  mustHaveSent(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  /** The call has ended: the last news goes out, and nothing more. */
  close(): void {
    for (const send of this.#news) send();
    this.#closed = true;
  }
}
