/**
 * Two places where a reader can stand: fed by hand in virtual time, and at the end of a real socket in real time. What
 * is said of readers holds in both.
 */
import { type Socket } from "node:net";
import { Future, run, sleep } from "ambit";
import { openConnection, startServer, StreamReader, type StreamWriter } from "ambit/streams";
import { runVirtual } from "ambit/testing";

/** A reader and who feeds it. */
export interface Source {
  readonly reader: StreamReader;
  /** Feeds chunks, and returns when the reader has them. */
  feed(...chunks: readonly string[]): Promise<void>;
  end(): Promise<void>;
}

export interface World {
  readonly world: string;
  play(body: (source: Source) => Promise<void>, limit?: number): Promise<void>;
}

const optional = (limit?: number): { limit?: number } => (limit === undefined ? {} : { limit });

const memory: World = {
  world: "fed by hand",
  play: (body, limit) =>
    runVirtual(async () => {
      const reader = new StreamReader(optional(limit));
      await body({
        reader,
        feed: async (...chunks) => {
          for (const chunk of chunks) reader.feedData(Buffer.from(chunk));
          await sleep(0);
        },
        end: async () => {
          reader.feedEof();
          await sleep(0);
        },
      });
    }),
};

const socket: World = {
  world: "over a socket",
  play: (body, limit) =>
    run(async () => {
      const accepted = new Future<StreamWriter>();
      const server = await startServer(
        async (reader, writer) => {
          accepted.setResult(writer);
          await reader.read();
        },
        { host: "127.0.0.1", port: 0 },
      );
      const { reader, writer } = await openConnection({
        host: "127.0.0.1",
        port: server.port,
        ...optional(limit),
      });
      const { socket: own } = writer.info as { socket: Socket };
      const feeder = await accepted;
      let sent = 0;
      try {
        await body({
          reader,
          feed: async (...chunks) => {
            for (const chunk of chunks) {
              feeder.write(chunk);
              sent += Buffer.byteLength(chunk);
              while (own.bytesRead < sent) await sleep(1);
            }
            await sleep(0);
          },
          end: async () => {
            feeder.writeEof();
            while (!own.readableEnded) await sleep(1);
          },
        });
      } finally {
        writer.transport.abort();
        await server[Symbol.asyncDispose]();
      }
    }),
};

export const worlds: readonly World[] = [memory, socket];
