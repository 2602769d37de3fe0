/*
 * Commands that are collected, to be sent together: what pipelines and transactions have in common.
 */
import { InvalidStateError } from "../core/errors.ts";
import { INSPECT } from "../core/inspection.ts";
import type { Sendable } from "./call.ts";
import { installCommands, type KnownCommand, misuse, type ReplyEncoding } from "./commandNames.ts";
import type { Connection } from "./connection.ts";

/** Collects commands: each command is a method that adds it. */
export abstract class CommandBatch {
  /** @internal */
  protected readonly connection: Connection;
  /** What errors call it. @internal */
  protected abstract readonly kind: string;
  /** Whether it may hold commands that block elsewhere. @internal */
  protected abstract readonly takesBlocking: boolean;
  readonly #queued: Sendable[] = [];
  #taken = false;

  /** @internal */
  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** How many commands were added. */
  get length(): number {
    return this.#queued.length;
  }

  /** @internal */
  send(command: KnownCommand, encoding: ReplyEncoding, args: unknown[]): this {
    const wrong = misuse(command, args);
    if (wrong !== null) throw wrong;
    if (!this.takesBlocking && command.blocks?.(args) === true) {
      const words = "would hold up all that share the connection: call it on the client itself";
      throw new TypeError(`${command.title} in a ${this.kind} ${words}`);
    }
    this.#expectOpen(command.name);
    this.#queued.push({ command, encoding, args });
    return this;
  }

  /** Gives what was collected, once. @internal */
  protected take(): Sendable[] {
    this.#expectOpen("exec");
    this.#taken = true;
    return this.#queued;
  }

  #expectOpen(operation: string): void {
    if (!this.#taken) return;
    throw new InvalidStateError(
      `${operation} on a ${this.kind} that was executed before: make a new one`,
    );
  }

  /** @internal */
  [INSPECT](): string {
    return `${this.constructor.name} { commands: ${this.length} }`;
  }
}

installCommands(CommandBatch.prototype);
