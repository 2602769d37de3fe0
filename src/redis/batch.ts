/*
 * Commands that are collected and sent together: pipelines and transactions.
 *
 * Strategy: one wait for all of them; each answer takes its place in the results. Written in the same turn, they go out in
 * one piece, and nothing comes between them.
 */
import type { Redis as DriverRedis } from "ioredis";
import { INSPECT } from "../core/inspection.ts";
import { OUTSIDE } from "../core/outside.ts";
import type { Wait } from "../core/suspension.ts";
import { uninterruptible } from "../core/uninterruptible.ts";
import { Call, type Sendable } from "./call.ts";
import { commandNamed } from "./commandNames.ts";
import type { Connection } from "./connection.ts";
import { isObserved, type RedisCommandEvent, tellEnded, tellStarted } from "./diagnostics.ts";
import { errorOf } from "./replyErrors.ts";

/** One result of a pipeline or a transaction, as the driver gives it: what the command failed with, or its answer. */
export type RedisResult = [error: Error | null, result: unknown];

/** Sends commands together; settles when every one has ended. @internal */
export async function sendBatch(
  connection: Connection,
  title: string,
  commands: readonly Sendable[],
): Promise<RedisResult[]> {
  const event = isObserved() ? tellStarted(title, commands.length, connection.server) : null;
  try {
    if (commands.length > 0 && !connection.ready) await connection.opened(title);
    const batch = new Batch(connection, title, commands);
    const results = await uninterruptible<RedisResult[], Batch>(startBatch, batch, batch.label);
    return results;
  } catch (error) {
    endEvent(event, error as Error);
    throw error;
  } finally {
    endEvent(event, null);
  }
}

function endEvent(event: RedisCommandEvent | null, error: Error | null): void {
  if (event !== null && !event.ended) tellEnded(event, error);
}

function startBatch(wait: Wait<RedisResult[]>, batch: Batch): void {
  batch.start(wait);
}

class Batch {
  readonly label: string;
  readonly results: RedisResult[] = [];
  readonly #connection: Connection;
  readonly #commands: readonly Sendable[];
  #left: number;
  #wait: Wait<RedisResult[]> | null = null;

  constructor(connection: Connection, title: string, commands: readonly Sendable[]) {
    this.#connection = connection;
    this.#commands = commands;
    this.#left = commands.length;
    this.label = `redis ${title}`;
  }

  start(wait: Wait<RedisResult[]>): void {
    const connection = this.#connection;
    if (this.#left === 0) return void wait.resolve(this.results);
    this.#wait = wait;
    const { loop } = wait;
    const { commandTimeout } = connection.limits;
    const commands = this.#commands;
    const now = loop.time();
    for (let at = 0; at < commands.length; at++) {
      const { command, encoding, args } = commands[at] as Sendable;
      this.results.push([null, undefined]);
      const part = new Part(connection, command, encoding, args, commandTimeout);
      part.batch = this;
      part.at = at;
      connection.dispatch(part, part, loop, now);
    }
  }

  fill(at: number, error: Error | null, value: unknown): void {
    const result = this.results[at] as RedisResult;
    result[0] = error;
    result[1] = value;
    if (--this.#left === 0) this.#wait?.resolve(this.results);
  }

  [OUTSIDE](): boolean {
    return true;
  }

  [INSPECT](): string {
    return `<${this.label} of ${this.#commands.length}>`;
  }
}

class Part extends Call {
  batch: Batch | null = null;
  at = 0;

  resolve(): void {}
  reject(): void {}

  protected override settle(error: Error | null, value: unknown): void {
    this.batch?.fill(this.at, error, value);
  }
}

const MULTI = commandNamed("multi");
const EXEC = commandNamed("exec");

/** Sends commands as one transaction; null when what was watched had changed. @internal */
export async function sendTransaction(
  connection: Connection,
  commands: readonly Sendable[],
): Promise<RedisResult[] | null> {
  const all: Sendable[] = [
    { command: MULTI, encoding: "utf8", args: [] },
    ...commands.map(({ command, args }): Sendable => ({ command, encoding: "utf8", args })),
    { command: EXEC, encoding: null, args: [] },
  ];
  const results = await sendBatch(connection, "MULTI", all);
  const [failure, answers] = results.at(-1) as RedisResult;
  if (failure !== null) throw withReason(failure, results);
  if (answers === null) return null;
  return (answers as unknown[]).map((answer, at) => resultOf(connection, commands[at], answer));
}

/** A transaction that was refused tells which of its commands was. */
function withReason(failure: Error, results: readonly RedisResult[]): Error {
  const first = results.find(([error]) => error !== null && error !== failure);
  if (first !== undefined && failure.cause === undefined) failure.cause = first[0];
  return failure;
}

/** What one command of a transaction has answered, as it would have without one. */
function resultOf(
  connection: Connection,
  queued: Sendable | undefined,
  answer: unknown,
): RedisResult {
  if (queued === undefined) return [null, answer];
  const { command } = queued;
  if (answer instanceof Error) return [errorOf(command.title, answer, true), undefined];
  try {
    return [null, connection.translate(queued, answer)];
  } catch (error) {
    return [errorOf(command.title, error, true), undefined];
  }
}

/** Has the driver of a cluster send commands together. @internal */
export async function sendByDriver(
  connection: Connection,
  title: "PIPELINE" | "MULTI",
  commands: readonly Sendable[],
): Promise<RedisResult[] | null> {
  await connection.opened(title);
  const driver = connection.driver as unknown as DriverRedis;
  const batch = title === "MULTI" ? driver.multi() : driver.pipeline();
  for (const { command, encoding, args } of commands) {
    const method = encoding === null ? "callBuffer" : "call";
    (batch[method] as (...all: unknown[]) => unknown)(command.name, ...args);
  }
  const results = await uninterruptible<RedisResult[] | null>(
    (wait) => {
      batch.exec().then(
        (value) => wait.resolve(value),
        (error: unknown) => wait.reject(errorOf(title, error, true)),
      );
    },
    undefined,
    `redis ${title}`,
  );
  return (
    results?.map(([error, value], at): RedisResult => {
      if (error === null) return [null, value];
      return [errorOf(commands[at]?.command.title ?? title, error, true), undefined];
    }) ?? null
  );
}
