/*
 * The connections to Redis that a submitter or a worker has: one for commands, one that listens.
 *
 * Strategy: the driver seeks a lost connection again for as long as there is somebody who wants it, and sends again what was
 * not answered: all that is sent here may be carried out twice. Who uses them sets the deadlines.
 */
import type { Socket } from "node:net";
import { Redis, type RedisOptions } from "ioredis";
import { getRunningLoop } from "../core/scope.ts";
import { protect } from "../core/shield.ts";
import { suspend } from "../core/suspend.ts";
import { gatherWrites } from "./gatheredWrites.ts";
import { Pulse } from "./pulse.ts";
import { RedisClock } from "./redisClock.ts";

const FIRST_DELAY = 20;
const LONGEST_DELAY = 1000;

const OPTIONS = {
  maxRetriesPerRequest: null,
  enableReadyCheck: true,
  retryStrategy: (attempt: number): number =>
    Math.min(FIRST_DELAY * 2 ** Math.min(attempt - 1, 10), LONGEST_DELAY),
} satisfies RedisOptions;

/** @internal */
export class Connections {
  readonly commands: Redis;
  /** In the state in which it takes SUBSCRIBE only. */
  readonly listener: Redis;
  readonly clock: RedisClock;
  readonly pulse: Pulse;
  readonly #channels = new Set<string>();
  /** The last that went wrong. */
  trouble: Error | null = null;
  #keepAlive = true;

  /** @param onTrouble hears why the clock is not known */
  constructor(
    redis: string | RedisOptions,
    hear: (channel: string, message: string) => void,
    onTrouble: (error: Error) => void = () => {},
  ) {
    this.commands = dial(redis, { enableAutoPipelining: false });
    // The driver would subscribe anew by itself, but not hear of it when the connection is closed just then.
    this.listener = dial(redis, { autoResubscribe: false });
    for (const each of [this.commands, this.listener]) {
      each.on("connect", () => gatherWrites((each as unknown as { stream: Socket }).stream));
      each.on("error", (error: Error) => (this.trouble = error));
      for (const event of ["connect", "reconnecting"])
        each.on(event, () => holds(each, this.#keepAlive));
    }
    const loop = getRunningLoop();
    this.clock = new RedisClock(this.commands, loop, onTrouble);
    this.pulse = new Pulse(loop, [this.commands, this.listener]);
    this.pulse.start();
    this.listener.on("message", hear);
    this.listener.on("ready", () => void this.#listen().catch(() => {}));
  }

  /** Hears what is said on those channels, also when the connection was lost and is there again. */
  async subscribe(...channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.#channels.add(channel);
    await this.#listen();
  }

  async #listen(): Promise<void> {
    if (this.#channels.size > 0) await this.listener.subscribe(...this.#channels);
  }

  get ready(): boolean {
    return this.commands.status === "ready" && this.listener.status === "ready";
  }

  /** What Redis said when it let them not in, such as a wrong password; null while it has not. */
  get refusal(): Error | null {
    return !this.ready && this.trouble?.name === "ReplyError" ? this.trouble : null;
  }

  /** Whether somebody wants them: then they keep the process alive, connected or not, and their pulse is felt. At first so. */
  set keepAlive(yes: boolean) {
    if (yes === this.#keepAlive) return;
    this.#keepAlive = yes;
    for (const each of [this.commands, this.listener]) holds(each, yes);
    if (yes) this.pulse.start();
    else this.pulse.stop();
  }

  /** Calls back whenever one of them is lost or there again. */
  watch(lost: () => void, ready: () => void): void {
    for (const each of [this.commands, this.listener]) {
      each.on("close", lost);
      each.on("ready", ready);
    }
  }

  /** Ends both at once, and waits until they are closed. */
  close(): Promise<void> {
    this.pulse.stop();
    return protect(async () => {
      await Promise.all([ended(this.commands), ended(this.listener)]);
    });
  }
}

function dial(redis: string | RedisOptions, own: RedisOptions): Redis {
  const options = { ...OPTIONS, ...own } as RedisOptions;
  if (typeof redis === "string") return new Redis(redis, options as never);
  return new Redis({ ...redis, ...options } as never);
}

/** The driver's timer until it tries again is no part of its types. */
function holds(redis: Redis, yes: boolean): void {
  const { stream, reconnectTimeout } = redis as unknown as {
    readonly stream?: Socket;
    readonly reconnectTimeout?: NodeJS.Timeout | null;
  };
  for (const each of [stream, reconnectTimeout]) {
    if (yes) each?.ref();
    else each?.unref();
  }
}

/** Ends a connection, and waits until it is closed. @internal */
export function ended(redis: Redis): Promise<void> {
  if (redis.status === "end") return Promise.resolve();
  return suspend<void>((wait) => {
    const { status, stream } = redis;
    const done = (): void => void wait.resolve();
    redis.once("end", done);
    redis.disconnect();
    if (status !== "reconnecting") return;
    // Between two attempts the last stream is closed already: the driver would wait for its end, and tell nothing.
    stream?.emit("close");
    done();
  });
}
