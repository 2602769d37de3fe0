/*
 * An echo server: sends back whatever it gets, to any number of clients at once.
 *
 * Each connection is a task of its own. `drain` is what makes it safe: a client that sends and never
 * reads makes the server wait for that client alone, with no more of its bytes in memory than the
 * limits say. When the server is told to stop, the tasks are cancelled and their sockets closed.
 */
import { run } from "ambit";
import {
  openConnection,
  type Server,
  startServer,
  type StreamReader,
  type StreamWriter,
  type TcpServerOptions,
} from "ambit/streams";

async function echo(reader: StreamReader, writer: StreamWriter): Promise<void> {
  for (;;) {
    const data = await reader.read(65_536);
    if (data.length === 0) return; // the client has nothing more to say
    writer.write(data);
    await writer.drain();
  }
}

/** Starts the server; port 0 takes one that is free. */
export function startEcho(options: TcpServerOptions): Promise<Server> {
  return startServer(echo, { host: "127.0.0.1", ...options });
}

async function serve(out: { write(text: string): unknown }, port: number): Promise<void> {
  await using server = await startEcho({ port });
  out.write(`echo: try nc 127.0.0.1 ${server.port}, Ctrl-C ends it\n`);
  await server.serveForever();
}

async function demonstrate(out: { write(text: string): unknown }): Promise<void> {
  await using server = await startEcho({ port: 0 });
  await using client = await openConnection({ host: "127.0.0.1", port: server.port });
  for (const words of ["hello", "again"]) {
    client.writer.write(`${words}\n`);
    out.write(`echo: ${String(await client.reader.readline())}`);
  }
  client.writer.writeEof();
  out.write(`the end: ${(await client.reader.read()).length} bytes left\n`);
}

/** @param port where to serve until Ctrl-C; left out, it talks to itself and ends */
export async function main(out: { write(text: string): unknown }, port?: number): Promise<void> {
  await run(() => (port === undefined ? demonstrate(out) : serve(out, port)));
}

if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * echo: hello
 * echo: again
 * the end: 0 bytes left
 */
