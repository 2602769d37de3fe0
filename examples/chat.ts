/*
 * A chat server: every line that somebody says goes to everybody else in the room.
 *
 * A guest is two tasks in one group: one reads what the guest says, the other sends what the others
 * said. When either ends, by a goodbye, a reset or a cancel, the other one ends too, and nobody has
 * to remember it. What a guest has not read yet waits in a queue of the guest's own, so a slow guest
 * holds up nobody; one who falls too far behind has to leave.
 */
import { Queue, QueueFull, run, taskGroup } from "ambit";
import {
  LimitOverrunError,
  openConnection,
  type Server,
  startServer,
  type StreamReader,
  type StreamWriter,
  type TcpServerOptions,
} from "ambit/streams";

/** How many lines a guest may be behind. */
const PATIENCE = 100;

interface Guest {
  readonly name: string;
  readonly unread: Queue<string>;
}

/** Everybody who is there. */
class Room {
  readonly #guests = new Set<Guest>();

  get size(): number {
    return this.#guests.size;
  }

  enter(guest: Guest): void {
    this.#guests.add(guest);
    this.say(guest, "* has come");
  }

  leave(guest: Guest): void {
    if (this.#guests.delete(guest)) this.say(guest, "* has left");
  }

  say(speaker: Guest, words: string): void {
    for (const guest of this.#guests) if (guest !== speaker) this.#tell(guest, speaker, words);
  }

  #tell(guest: Guest, speaker: Guest, words: string): void {
    try {
      guest.unread.putNowait(`${speaker.name}: ${words}\n`);
    } catch (error) {
      if (!(error instanceof QueueFull)) throw error;
      guest.unread.shutdown({ immediate: true }); // its sender ends, and so does the guest
      this.leave(guest);
    }
  }
}

/** The next line without its end; null when there is none, or one that is too long. */
async function lineFrom(reader: StreamReader): Promise<string | null> {
  try {
    const line = await reader.readline();
    return line.length === 0 ? null : String(line).trimEnd();
  } catch (error) {
    if (error instanceof LimitOverrunError) return null;
    throw error;
  }
}

async function listen(reader: StreamReader, room: Room, guest: Guest): Promise<void> {
  for (let line = await lineFrom(reader); line !== null; line = await lineFrom(reader)) {
    if (line === "/quit") return;
    if (line !== "") room.say(guest, line);
  }
}

async function send(writer: StreamWriter, guest: Guest): Promise<void> {
  for await (const line of guest.unread) {
    writer.write(line);
    await writer.drain();
  }
}

async function host(reader: StreamReader, writer: StreamWriter, room: Room): Promise<void> {
  writer.write("your name? ");
  const name = await lineFrom(reader);
  if (name === null || name === "") return;
  const guest = { name, unread: new Queue<string>(PATIENCE) };
  room.enter(guest);
  writer.write(`welcome, ${name}: ${room.size} here; /quit leaves\n`);
  try {
    await taskGroup(async (group) => {
      group.spawn(() => send(writer, guest).finally(() => group.cancel()));
      await listen(reader, room, guest);
      group.cancel();
    });
  } finally {
    room.leave(guest);
  }
}

/** Starts the server; port 0 takes one that is free. */
export function startChat(options: TcpServerOptions): Promise<Server> {
  const room = new Room();
  return startServer((reader, writer) => host(reader, writer, room), {
    host: "127.0.0.1",
    limit: 1024,
    ...options,
  });
}

async function serve(out: { write(text: string): unknown }, port: number): Promise<void> {
  await using server = await startChat({ port });
  out.write(`chat: try nc 127.0.0.1 ${server.port}, Ctrl-C ends it\n`);
  await server.serveForever();
}

async function demonstrate(out: { write(text: string): unknown }): Promise<void> {
  await using server = await startChat({ port: 0 });
  const where = { host: "127.0.0.1", port: server.port };
  await using ada = await openConnection(where);
  await using bob = await openConnection(where);
  ada.writer.write("ada\n");
  out.write(`to ada: ${String(await ada.reader.readline())}`);
  bob.writer.write("bob\n");
  out.write(`to bob: ${String(await bob.reader.readline())}`);
  out.write(`to ada: ${String(await ada.reader.readline())}`);
  bob.writer.write("hello, is anybody here?\n/quit\n");
  out.write(`to ada: ${String(await ada.reader.readline())}`);
  out.write(`to ada: ${String(await ada.reader.readline())}`);
}

/** @param port where to serve until Ctrl-C; left out, two guests meet and it ends */
export async function main(out: { write(text: string): unknown }, port?: number): Promise<void> {
  await run(() => (port === undefined ? demonstrate(out) : serve(out, port)));
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * to ada: your name? welcome, ada: 1 here; /quit leaves
 * to bob: your name? welcome, bob: 2 here; /quit leaves
 * to ada: bob: * has come
 * to ada: bob: hello, is anybody here?
 * to ada: bob: * has left
 */
