/*
 * checkStreamPair: holds for the streams that Ambit has, in memory and over real sockets, and fails by name for streams
 * that are wrong. (Sockets: the streams that users have are over them.)
 */
import { Future } from "ambit";
import { type Connection, openConnection, startServer } from "ambit/streams";
import {
  checkStreamPair,
  memoryStreamPair,
  runVirtual,
  simulateNetwork,
  StreamCheckError,
} from "ambit/testing";
import { expect, test } from "vitest";

test("holds for pairs in memory", async () => {
  await runVirtual(async () => {
    expect(await checkStreamPair(() => memoryStreamPair())).toBe(20);
    expect(
      await checkStreamPair(() => memoryStreamPair({ latency: 3, capacity: 50_000 }), {
        timeLimit: 1e9,
      }),
    ).toBe(20);
  });
});

test("holds for the simulated network", async () => {
  await runVirtual(async () => {
    const network = simulateNetwork({ jitter: 5, loss: 0.01 });
    let port = 1;
    const makePair = async (): Promise<[Connection, Connection]> => {
      const [pair, server] = await connectedBy(
        (accept) => network.host("db").startServer(accept, { port: ++port }),
        () => network.host("app").openConnection({ host: "db", port }),
      );
      server.close();
      return pair;
    };
    expect(await checkStreamPair(makePair, { timeLimit: 1e9 })).toBe(20);
  });
});

test("holds for sockets", async () => {
  const makePair = async (): Promise<[Connection, Connection]> => {
    let port = 0;
    const [pair, server] = await connectedBy(
      async (accept) => {
        const listening = await startServer(accept, { host: "127.0.0.1", port: 0 });
        port = listening.port;
        return listening;
      },
      () => openConnection({ host: "127.0.0.1", port }),
    );
    server.close();
    return pair;
  };
  expect(await checkStreamPair(makePair)).toBe(20);
});

type Served = Awaited<ReturnType<typeof startServer>>;

/** Both sides of a connection; the handler leaves its side open. */
async function connectedBy(
  start: (accept: Parameters<typeof startServer>[0]) => Promise<Served>,
  open: () => Promise<Connection>,
): Promise<[[Connection, Connection], Served]> {
  const accepted = new Future<Connection>();
  const server = await start((reader, writer) => {
    accepted.setResult({ reader, writer } as Connection);
    return writer.waitClosed().catch(() => {});
  });
  const near = await open();
  return [[near, await accepted], server];
}

/** Pairs whose left side does one thing wrong. */
function wrongPair(change: (writer: Connection["writer"]["transport"]) => void) {
  return (): [Connection, Connection] => {
    const pair = memoryStreamPair();
    change(pair[0].writer.transport);
    return pair;
  };
}

test.each([
  [
    "bytes arrive whole and in order",
    wrongPair((transport) => {
      transport.writelines = (pieces) => {
        for (const piece of [...pieces].reverse()) transport.write(piece);
      };
    }),
  ],
  [
    "large transfers in both directions at once arrive whole",
    wrongPair((transport) => {
      const { write } = transport;
      transport.write = (data) => {
        if (data.length > 1000) data = Buffer.alloc(data.length);
        write.call(transport, data);
      };
    }),
  ],
  [
    "a writer whose peer does not read is held back, and goes on when it reads",
    wrongPair((transport) => transport.setWriteBufferLimits({ high: Infinity })),
  ],
  [
    "writeEof ends one direction and leaves the other open",
    wrongPair((transport) => (transport.writeEof = () => transport.close())),
  ],
  [
    "close sends what was written; the peer reads it, then the end",
    wrongPair((transport) => (transport.close = () => transport.abort())),
  ],
  ["abort ends the waits of its own side", wrongPair((transport) => (transport.abort = () => {}))],
])("%s: streams for which that is not so are found", async (name, makePair) => {
  const failure = runVirtual(async () => {
    const error = await checkStreamPair(makePair, { timeLimit: 1000 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(StreamCheckError);
    return (error as StreamCheckError).check;
  });
  await expect(failure).resolves.toBe(name);
});

test("what makes no pair is refused", async () => {
  await expect(checkStreamPair(null as never)).rejects.toThrow("`makePair`");
});
