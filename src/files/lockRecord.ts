/*
 * What a lock says of its holder, and whether that one still lives.
 *
 * Strategy: a process is known by its id together with when it was started, which the system counts from its own start:
 * an id alone is given to another process sooner or later. Both mean something only where they are from, which is said
 * too: this start of this system (its boot id) and this space of process ids (a container has one of its own).
 * A process that has ended and that its parent has not asked about (a zombie) has ended.
 * Limits: only Linux tells when a process was started. Elsewhere a lock is held while any process has the holder's id.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Who made a lock's entry. @internal */
export interface LockRecord {
  readonly pid: number;
  /** When the process was started, as the system counts it; `-` where it does not tell. */
  readonly started: string;
  /** Where process ids mean the same. */
  readonly place: string;
  /** Of this one entry. */
  readonly token: string;
}

/** `stranger`: somebody at another place, of whom nothing can be seen from here. @internal */
export type Life = "alive" | "dead" | "stranger";

const FORMAT = /^ambit-lock-1 pid=(\d+) started=(\S+) place=(\S+) token=([0-9a-f]+)$/;

let ownPlace = "";
let ownStart = "";

/** The text of a new entry of this process. @internal */
export function newRecord(): string {
  const token = randomBytes(10).toString("hex");
  return `ambit-lock-1 pid=${process.pid} started=${startOfThis()} place=${placeHere()} token=${token}`;
}

/** Undefined when it is no text of ours. @internal */
export function readRecord(text: string): LockRecord | undefined {
  const [, pid = "", started = "", place = "", token = ""] = FORMAT.exec(text) ?? [];
  return token === "" ? undefined : { pid: Number(pid), started, place, token };
}

/** @internal */
export function lifeOf({ pid, started, place }: LockRecord): Life {
  if (place !== placeHere()) return "stranger";
  if (pid === process.pid) return started === startOfThis() ? "alive" : "dead";
  if (!isThere(pid)) return "dead";
  const status = processStatus(pid);
  // Another user's process may be hidden: then there is a process of that id, and no more is known.
  if (status === null) return "alive";
  return status.ended || status.started !== started ? "dead" : "alive";
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function startOfThis(): string {
  ownStart ||= processStatus("self")?.started ?? "-";
  return ownStart;
}

/** From proc(5); null where there is none. */
function processStatus(pid: number | "self"): { started: string; ended: boolean } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name of the program, in brackets, may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state = ""] = fields;
    return { started: fields[19] ?? "-", ended: state === "Z" || state === "X" };
  } catch {
    return null;
  }
}

/** The host's name keeps machines apart where there is no boot id. */
function placeHere(): string {
  if (ownPlace === "") {
    const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1"));
    const space = read(() => readlinkSync("/proc/self/ns/pid"));
    ownPlace = encodeURIComponent(`${hostname()}/${boot}/${space}`);
  }
  return ownPlace;
}

function read(ask: () => string): string {
  try {
    return ask().trim();
  } catch {
    return "";
  }
}
