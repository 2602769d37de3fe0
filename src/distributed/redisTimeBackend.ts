/*
 * BullMQ on Redis's clock. BullMQ's scripts judge by the time that they are told, and its client tells them this machine's:
 * here they are told Redis's own.
 *
 * Strategy: BullMQ lets a queue and a worker be given a backend of one's own. This one is BullMQ's own for Redis, but for
 * three things: the time among a script's arguments, the time of a new job, and the times that come back, by which the worker
 * waits: it compares them with this machine's clock.
 * Limits: where the time stands among a script's arguments is BullMQ's affair. `clocks.test.ts` fails when it moves: it lets
 * processes whose clocks are wrong do all that is done here, and looks at what Redis is sent. Scripts that are not used here
 * (flows, schedulers, `changeDelay`) are not changed.
 */
import {
  type BackendFactory,
  createIORedisClient,
  QueueKeys,
  RedisConnection,
  RedisQueueBackend,
} from "bullmq";
import type { Redis } from "ioredis";
import type { Connections } from "./connections.ts";
import type { Keys } from "./keys.ts";
import type { Pulse } from "./pulse.ts";
import type { RedisClock } from "./redisClock.ts";

/** Which argument of a script is the time: after its keys, and what stands before it. */
const TIME_OF: Readonly<Record<string, number>> = {
  moveToActive: 11 + 1,
  moveToFinished: 14 + 1,
  moveToDelayed: 11 + 1,
  moveStalledJobsToWait: 9 + 2,
  retryJob: 11 + 1,
};

/** Of what those scripts give: when the next delayed job is due, 0 for never. */
const DUE = 3;

type Client = Parameters<RedisQueueBackend["execCommand"]>[0];
type AddArguments = Parameters<RedisQueueBackend["addJobToTransaction"]>;

/** @internal */
export class RedisTimeBackend extends RedisQueueBackend {
  readonly #clock: RedisClock;

  constructor(clock: RedisClock, ...rest: ConstructorParameters<typeof RedisQueueBackend>) {
    super(...rest);
    this.#clock = clock;
  }

  override execCommand(client: Client, name: string, args: unknown[]): unknown {
    const at = TIME_OF[name];
    if (at === undefined) return super.execCommand(client, name, args);
    args[at] = this.#clock.now();
    const answer = super.execCommand(client, name, args) as Promise<unknown>;
    return answer.then((result) => this.#localized(result));
  }

  #localized(result: unknown): unknown {
    if (Array.isArray(result) && result[DUE] > 0) result[DUE] = this.#clock.toLocal(result[DUE]);
    return result;
  }

  override addJobToTransaction(...args: AddArguments): Promise<string> {
    args[1].timestamp = this.#clock.now();
    return super.addJobToTransaction(...args);
  }

  /** A worker begins with this, and the next: not before the time is known. */
  override async moveToActive(
    ...args: Parameters<RedisQueueBackend["moveToActive"]>
  ): ReturnType<RedisQueueBackend["moveToActive"]> {
    await this.#timeKnown();
    return await super.moveToActive(...args);
  }

  override async moveStalledJobsToWait(): ReturnType<RedisQueueBackend["moveStalledJobsToWait"]> {
    await this.#timeKnown();
    return await super.moveStalledJobsToWait();
  }

  async #timeKnown(): Promise<void> {
    await this.client;
    await this.#clock.known();
  }

  /** When the next delayed job is due stands beside the word that wakes the worker. */
  override async waitForJob(
    ...args: Parameters<RedisQueueBackend["waitForJob"]>
  ): ReturnType<RedisQueueBackend["waitForJob"]> {
    const woken = await super.waitForJob(...args);
    if (woken !== null && woken.score > 0) woken.score = this.#clock.toLocal(woken.score);
    return woken;
  }
}

/** For a queue, or for a worker, which waits on a connection of its own. @internal */
export function redisTime(
  { commands: redis, clock, pulse }: Connections,
  { prefix }: Keys,
): BackendFactory<RedisTimeBackend> {
  const keys = new QueueKeys(prefix);
  return (queue, options, { withBlockingConnection = false } = {}) => {
    const name = `${prefix}:${Buffer.from(queue).toString("base64")}`;
    return new RedisTimeBackend(
      clock,
      new RedisConnection(redis, { shared: true, blocking: false, skipVersionCheck: true }),
      queue,
      keys.getKeys(queue),
      (type) => keys.toKey(queue, type),
      options,
      withBlockingConnection ? waiting(redis, name, pulse) : undefined,
    );
  };
}

function waiting(redis: Redis, connectionName: string, pulse: Pulse): RedisConnection {
  const client = createIORedisClient(redis).duplicate({ connectionName });
  pulse.watch(client);
  return new RedisConnection(client, { blocking: true, skipVersionCheck: true });
}
