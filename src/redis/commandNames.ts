/*
 * The commands, by name: all that the driver knows, what each is to a connection, and how they come onto a class.
 *
 * A command is described once, when it is first met, so that a call costs no look into tables.
 * Limits: commands that change what a connection is (SUBSCRIBE, WATCH, SELECT, …) are refused: many tasks share it. What
 * they are for has methods of its own.
 */
import { Redis as DriverRedis, type RedisCommander } from "ioredis";
import { wrongType } from "../core/arguments.ts";
import { blockingTest } from "./blockingNames.ts";

/** What must not be sent over a connection that others share. */
const REFUSED = {
  subscribe: "use `subscribe`",
  psubscribe: "use `subscribe({ patterns })`",
  ssubscribe: "use `subscribe({ shardChannels })`",
  unsubscribe: "close the subscription",
  punsubscribe: "close the subscription",
  sunsubscribe: "close the subscription",
  watch: "use `watch`",
  unwatch: "use `watch`",
  multi: "use `multi`",
  exec: "use `multi`",
  discard: "use `multi`",
  select: "make a client with `db`",
  auth: "make a client with `password`",
  hello: "make a client with `protocol`",
  reset: "make a client of its own",
  readonly: "make a client with `readOnly`",
  readwrite: "make a client with `readOnly`",
  asking: "make a client for the cluster",
  quit: "use `close`",
  monitor: "use redis-cli",
  sync: "use redis-cli",
  psync: "use redis-cli",
  replconf: "use redis-cli",
} as const;

/** Commands that are no methods: they would change a connection that others share. */
export type RefusedCommand =
  | keyof typeof REFUSED
  | "subscribeBuffer"
  | "psubscribeBuffer"
  | "ssubscribeBuffer"
  | "unsubscribeBuffer"
  | "punsubscribeBuffer"
  | "sunsubscribeBuffer"
  | "watchBuffer"
  | "unwatchBuffer"
  | "multiBuffer"
  | "execBuffer"
  | "discardBuffer"
  | "selectBuffer"
  | "authBuffer"
  | "helloBuffer"
  | "resetBuffer"
  | "readonlyBuffer"
  | "readwriteBuffer"
  | "askingBuffer"
  | "quitBuffer"
  | "monitorBuffer"
  | "syncBuffer"
  | "psyncBuffer"
  | "replconfBuffer";

/** Every command, each as a method that is awaited; with `Buffer` at the end of its name, it answers in bytes. */
export interface RedisCommands extends Omit<RedisCommander<{ type: "default" }>, RefusedCommand> {}

/** The encoding of an answer; null for bytes. @internal */
export type ReplyEncoding = "utf8" | null;

/** A command, as sending it needs to know it. @internal */
export interface KnownCommand {
  /** As it is sent. */
  readonly name: string;
  /** As errors and diagnostics tell it. */
  readonly title: string;
  /** What a wait for its answer is called. */
  readonly label: string;
  /** Whether it may wait on the server, with these arguments. */
  readonly blocks: ((args: readonly unknown[]) => boolean) | null;
  /** What to do instead; null when it may be sent. */
  readonly refused: string | null;
}

const known = new Map<string, KnownCommand>();

/** What is known of the command of this name. @internal */
export function commandNamed(name: string): KnownCommand {
  const found = known.get(name);
  if (found !== undefined) return found;
  const lower = name.toLowerCase();
  const title = name.toUpperCase();
  const made: KnownCommand = {
    name: lower,
    title,
    label: `redis ${title}`,
    blocks: blockingTest(lower),
    refused: Object.hasOwn(REFUSED, lower) ? REFUSED[lower as keyof typeof REFUSED] : null,
  };
  // Names come from the caller too, through `call`: they must not fill the memory.
  if (known.size < 2000) known.set(name, made);
  return made;
}

/** What takes commands: a client, a pipeline. @internal */
export interface Commanded {
  send(command: KnownCommand, encoding: ReplyEncoding, args: unknown[]): unknown;
}

/** Gives a class a method for every command that goes through its `send`. @internal */
export function installCommands(prototype: Commanded): void {
  const names = DriverRedis.prototype.getBuiltinCommands();
  for (const name of names) {
    if (Object.hasOwn(REFUSED, name) || Object.hasOwn(prototype, name)) continue;
    install(prototype, name, commandNamed(name), "utf8");
    install(prototype, `${name}Buffer`, commandNamed(name), null);
  }
  installCall(prototype, "call", "utf8");
  installCall(prototype, "callBuffer", null);
}

function define(prototype: object, name: string, value: unknown): void {
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
}

function install(
  prototype: Commanded,
  method: string,
  command: KnownCommand,
  encoding: ReplyEncoding,
): void {
  define(prototype, method, function (this: Commanded, ...args: unknown[]): unknown {
    return this.send(command, encoding, args);
  });
}

function installCall(prototype: Commanded, method: string, encoding: ReplyEncoding): void {
  define(prototype, method, function (this: Commanded, name: unknown, ...args: unknown[]): unknown {
    if (typeof name !== "string" || name === "")
      throw wrongType("command", "the name of a command", name);
    return this.send(commandNamed(name), encoding, args);
  });
}

/** Why a command can't be sent as it was called, or null. @internal */
export function misuse(command: KnownCommand, args: readonly unknown[]): TypeError | null {
  if (command.refused !== null) {
    const words = "would change the connection that many tasks share";
    return new TypeError(`${command.title} ${words}: ${command.refused}`);
  }
  const last = args.at(-1);
  if (typeof last === "function")
    return wrongType(`${command.name}'s last argument`, "no callback: await the answer", last);
  return null;
}
