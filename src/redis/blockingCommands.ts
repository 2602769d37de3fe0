/*
 * What differs between the commands that wait on the server: for how long they may, what an answer means that a cancel
 * has brought about, and what WAIT needs before it.
 *
 * WAIT counts the replicas that have what its own connection has written. Over the shared connection it would hold up all
 * others, so it gets one of its own, which first publishes a message to nobody: replicas get that after all that was
 * carried out before, so who has it has everything.
 */
import { commandNamed, type KnownCommand } from "./commandNames.ts";
import type { Sendable } from "./call.ts";
import type { Connection } from "./connection.ts";

const PING = commandNamed("ping");
const PUBLISH = commandNamed("publish");
/** Nobody listens there. */
const NOWHERE = "ambit:wait";

/** Whether something has to be done before it. @internal */
export function needsPreparing({ command }: Sendable): boolean {
  return command.name === "wait";
}

/** Does that. @internal */
export async function prepare(control: Connection, own: Connection): Promise<void> {
  // What was called before, over the shared connection, has been carried out when this is answered.
  await control.send(PING, "utf8", []);
  await own.send(PUBLISH, "utf8", [NOWHERE, ""]);
}

/** Whether an answer that CLIENT UNBLOCK may have brought about says that it was so. @internal */
export function isCutShort({ command, args }: Sendable, value: unknown): boolean {
  if (command.name === "wait") return Number(value) < Number(args[0]);
  return value === null;
}

/** How many milliseconds a command may wait on the server; Infinity for ever. @internal */
export function patienceOf({ name }: KnownCommand, args: readonly unknown[]): number {
  const given = givenPatience(name, args.flat(1));
  return given > 0 ? given : Infinity;
}

function givenPatience(name: string, args: readonly unknown[]): number {
  if (name === "wait") return Number(args.at(-1));
  if (name.startsWith("x"))
    return Number(args[args.findIndex((each) => String(each).toUpperCase() === "BLOCK") + 1]);
  return Number(name === "blmpop" || name === "bzmpop" ? args[0] : args.at(-1)) * 1000;
}
