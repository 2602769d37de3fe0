/*
 * A chat: everybody in a room gets what anybody there says.
 *
 * Each WebSocket is a task: it receives in its body, and a child of its own sends. Both end together, whoever leaves first.
 * A room is a Broadcast, which never waits for anybody: a client that does not read is behind by as much as the room
 * remembers, makes its own task wait, and is sent away when that takes too long. The others notice nothing.
 */
import { Broadcast, gather, run, type Subscription, taskGroup, timeout, TimeoutError } from "ambit";
import { ClientSession, type ClientWebSocket } from "ambit/http";
import { Application, type RunningApplication, type ServerWebSocket } from "ambit/web";

/** How many messages a room remembers for those who are behind. */
const MEMORY = 256;
/** How long a client may take to make room for the next one, in milliseconds. */
const PATIENCE = 1000;

async function tell(socket: ServerWebSocket, news: Subscription<string>): Promise<void> {
  for await (const line of news) await timeout(PATIENCE, () => socket.send(line));
}

/** The application, and a log of who was sent away. */
function makeChat(log: (line: string) => void): Application {
  const rooms = new Map<string, Broadcast<string>>();
  const roomOf = (name: string): Broadcast<string> => {
    const room = rooms.get(name) ?? new Broadcast<string>(MEMORY);
    rooms.set(name, room);
    return room;
  };
  const app = new Application();
  app.webSocket("/rooms/:room", { closeTimeout: 500 }, async (socket, { params, query }) => {
    const name = query.get("name") ?? "somebody";
    const room = roomOf(params.room);
    room.send(`${name} is here`);
    using news = room.subscribe({ onLag: (missed) => log(`${name} missed ${missed}`) });
    try {
      await taskGroup(async (group) => {
        const telling = group.spawn(() => tell(socket, news));
        for await (const message of socket) room.send(`${name}: ${String(message)}`);
        telling.cancel(); // the client has closed
      });
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      log(`${name} is too slow`);
      await socket.close(1013, "too slow");
    } finally {
      room.send(`${name} has left`);
    }
  });
  return app;
}

/** Receives until it has heard all of those lines; tells how many others there were. */
async function hear(socket: ClientWebSocket, ...lines: readonly string[]): Promise<number> {
  const missing = new Set(lines);
  let others = 0;
  while (missing.size > 0) if (!missing.delete(await socket.receiveStr())) others++;
  return others;
}

async function demonstrate(
  server: RunningApplication,
  out: { write(text: string): unknown },
): Promise<void> {
  await using session = new ClientSession({ baseUrl: `${server.url}/` });
  const enter = (name: string) => session.wsConnect(`rooms/tea?name=${name}`);
  await using ada = await enter("ada");
  await using bob = await enter("bob");
  await hear(ada, "bob is here");
  await ada.sendStr("hello");
  await gather([ada, bob].map((one) => () => hear(one, "ada: hello")));
  out.write("ada and bob hear hello\n");

  // Eve comes, and never reads; Ada has much to say.
  await enter("eve");
  const hearing = gather([ada, bob].map((one) => () => hear(one, "ada: done", "eve has left")));
  for (let at = 0; at < 150; at++) await ada.sendStr("x".repeat(100_000));
  await ada.sendStr("done");
  const [, others = 0] = await hearing;
  out.write(`bob hears ${others - 1} long lines, and that eve has left\n`);

  await bob.close(1000);
  await hear(ada, "bob has left");
  out.write("ada hears that bob has left\n");
}

async function serve(out: { write(text: string): unknown }, port: number): Promise<void> {
  out.write(`chat: open ws://127.0.0.1:${port}/rooms/tea?name=you, Ctrl-C ends it\n`);
  await makeChat((line) => out.write(`${line}\n`)).serve({ host: "127.0.0.1", port });
}

/** @param port where to serve until Ctrl-C; left out, it talks to itself and ends */
export async function main(out: { write(text: string): unknown }, port?: number): Promise<void> {
  await run(async () => {
    if (port !== undefined) return await serve(out, port);
    const app = makeChat((line) => out.write(`${line}\n`));
    await using server = await app.start({ host: "127.0.0.1", port: 0 });
    await demonstrate(server, out);
  });
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * ada and bob hear hello
 * eve is too slow
 * bob hears 150 long lines, and that eve has left
 * ada hears that bob has left
 */
