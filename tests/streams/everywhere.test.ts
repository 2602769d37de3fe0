/**
 * A server and its clients on a simulated network, cancelled at each of their await points: whoever is cancelled, the
 * others end, nothing is lost, and nothing is left open.
 */
import { createTask, gather, sleep } from "ambit";
import {
  openConnection,
  type Server,
  startServer,
  type StreamReader,
  type StreamWriter,
} from "ambit/streams";
import { cancelEverywhere, memoryStreamPair, simulateNetwork } from "ambit/testing";
import { expect, test } from "vitest";

test("a connection that is cancelled anywhere, on either side, gives every line once and in order, and closes", async () => {
  const points = await cancelEverywhere(async () => {
    const [client, server] = memoryStreamPair({ limit: 8, capacity: 8 });
    const lines = Array.from({ length: 6 }, (_, at) => `line ${at}\n`);
    const got: string[] = [];
    const send = async (): Promise<void> => {
      try {
        client.writer.transport.setWriteBufferLimits({ high: 8 });
        for (const line of lines) {
          client.writer.write(line);
          await client.writer.drain();
        }
      } finally {
        client.writer.close();
      }
    };
    const receive = async (): Promise<void> => {
      try {
        for await (const line of server.reader) got.push(String(line));
      } finally {
        server.writer.close();
      }
    };
    const [sender, receiver] = [createTask(send), createTask(receive)];
    try {
      await gather([sender, receiver], { returnExceptions: true });
    } finally {
      sender.cancel();
      receiver.cancel();
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      expect(got).toEqual(lines.slice(0, got.length));
      expect([client.writer.isClosing(), server.writer.isClosing()]).toEqual([true, true]);
    }
  });
  expect(points).toBeGreaterThan(10);
});

test.each([1, 2, 3])(
  "a server that is cancelled anywhere, or its client, leaves nothing open (schedule %i)",
  async (seed) => {
    const outcomes: string[] = [];
    const points = await cancelEverywhere(
      async () => {
        const network = simulateNetwork({ seed });
        const open = { handlers: 0 };
        let server: Server | undefined;
        const echo = async (reader: StreamReader, writer: StreamWriter): Promise<void> => {
          open.handlers++;
          try {
            for await (const line of reader) {
              writer.write(line);
              await writer.drain();
            }
          } finally {
            await sleep(1).finally(() => open.handlers--);
          }
        };
        const serve = async (): Promise<void> => {
          server = await startServer(echo, { port: 7 });
          await server.serveForever();
        };
        const ask = async (): Promise<void> => {
          await sleep(5);
          const connection = await openConnection({ host: "server", port: 7 });
          try {
            connection.writer.write("hello\n");
            await connection.writer.drain();
            expect(String(await connection.reader.readline())).toMatch(/^(hello\n)?$/);
          } finally {
            await connection[Symbol.asyncDispose]();
          }
        };
        const serving = network.host("server").run(serve);
        const asking = network.host("client").run(ask);
        try {
          const [outcome] = await gather([asking], { returnExceptions: true });
          outcomes.push(outcome === undefined ? "answered" : outcome.message);
        } finally {
          asking.cancel();
          serving.cancel();
          await gather([asking, serving], { returnExceptions: true });
          // A cancel in the middle of the shutting down ends the wait for the handlers, not the handlers.
          await server?.waitClosed();
          expect(open.handlers).toBe(0);
          expect(server?.connections ?? 0).toBe(0);
          expect(server?.isServing() ?? false).toBe(false);
        }
      },
      { seed },
    );
    expect(points).toBeGreaterThan(10);
    expect(outcomes).toContain("answered");
    const others = outcomes.filter((outcome) => !/^answered$|cancelled|ECONNREFUSED/.test(outcome));
    expect(others).toEqual([]);
  },
);
