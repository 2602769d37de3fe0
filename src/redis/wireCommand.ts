/*
 * The driver's command, without the promise that the driver makes of every answer.
 *
 * Strategy: who waits for an answer has a wait of ours already. The driver's own promise, and the closures around it, cost
 * more than writing a short command does: so they are not made, and the answer goes to the call as it comes.
 * Limits: the driver makes its promise in a method that is its own affair. Where another release of it does that
 * elsewhere, or where arguments have to be transformed first, all goes its way, and the promise stays unused.
 */
import { Command as DriverCommand } from "ioredis";
import type { Call, Sendable } from "./call.ts";

/** The driver's command, what it hides included. */
interface Shape {
  readonly name: string;
  transformed: boolean;
  isTraced: boolean;
  isResolved: boolean;
  isSettled: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  initPromise(): void;
  stringifyArguments(): void;
  transformReply(value: unknown): unknown;
  getSlot(): number | null;
}

const Base = DriverCommand as unknown as new (
  name: string,
  args: readonly unknown[],
  options: object,
) => Shape;

interface Transformers {
  readonly argument?: Readonly<Record<string, unknown>>;
}

/** By name, how arguments are transformed; undefined where the driver keeps that elsewhere. */
const transformers = (Reflect.get(DriverCommand, "_transformer") as Transformers | undefined)
  ?.argument;

const TEXT = { replyEncoding: "utf8" };
const BYTES = { replyEncoding: null };

/** @internal */
export class WireCommand extends Base {
  /** Who is told the answer. */
  declare call: Call | null;

  constructor({ command, encoding, args }: Sendable, keyPrefix: string | undefined) {
    super(
      command.name,
      args,
      keyPrefix ? { replyEncoding: encoding, keyPrefix } : encoding === null ? BYTES : TEXT,
    );
    this.call = null;
    // The driver's promise of the answer would cost two more turns of the microtask queue.
    this.isTraced = true;
    if (this.resolve !== WireCommand.prototype.resolve) this.bind();
  }

  override initPromise(): void {
    if (transformers === undefined || transformers[this.name] !== undefined)
      return super.initPromise();
    this.transformed = true;
    this.stringifyArguments();
  }

  override resolve(value: unknown): void {
    this.isResolved = this.isSettled = true;
    const call = this.call;
    try {
      call?.answered(this.transformReply(value));
    } catch (error) {
      call?.refused(error);
    }
  }

  override reject(error: unknown): void {
    this.isSettled = true;
    this.call?.refused(error);
  }

  /** For drivers that take the methods off it, or put their own there. */
  bind(): void {
    const { resolve, reject } = WireCommand.prototype;
    this.resolve = (value) => resolve.call(this, value);
    this.reject = (error) => reject.call(this, error);
  }
}
