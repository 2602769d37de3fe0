/**
 * What the compiler must know about streams: what is given, and what it refuses. Checked by
 * tests/project/types.test.ts; never run.
 */
import { PassThrough } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import {
  type Address,
  type Connection,
  connectionOver,
  createDatagramEndpoint,
  type Datagram,
  NodeTransport,
  openConnection,
  openUnixConnection,
  type Protocol,
  readerFrom,
  type Server,
  startServer,
  startUnixServer,
  StreamReader,
  type StreamWriter,
  type TlsInfo,
  toReadableStream,
  type Transport,
} from "ambit/streams";
import { expectTypeOf, test } from "vitest";

test("a reader gives bytes, and takes separators of several kinds", async () => {
  const reader = new StreamReader({ limit: 10 });
  expectTypeOf(reader.read()).toEqualTypeOf<Promise<Buffer>>();
  expectTypeOf(reader.readuntil(["\r\n", new Uint8Array([0])])).toEqualTypeOf<Promise<Buffer>>();
  for await (const line of reader) expectTypeOf(line).toEqualTypeOf<Buffer>();
  // @ts-expect-error -- not a separator
  void reader.readuntil(13);
  // @ts-expect-error -- text has no bytes of its own
  reader.feedData("text");
});

test("a connection has a reader and a writer, and says what is known", async () => {
  expectTypeOf(openConnection({ port: 1, tls: { ca: "" } })).toEqualTypeOf<Promise<Connection>>();
  expectTypeOf(openUnixConnection("path")).toEqualTypeOf<Promise<Connection>>();
  const { writer } = await openConnection({ host: "x", port: 1 });
  expectTypeOf(writer.getExtraInfo("peername")).toEqualTypeOf<Address | undefined>();
  expectTypeOf(writer.info.tls).toEqualTypeOf<TlsInfo | undefined>();
  // @ts-expect-error -- nobody knows that
  writer.getExtraInfo("weather");
  // @ts-expect-error -- a port is needed
  void openConnection({ host: "x" });
  // @ts-expect-error -- neither bytes nor text
  writer.write(7);
});

test("a server's handler gets both streams", () => {
  expectTypeOf(
    startServer(
      (reader, writer) => {
        expectTypeOf(reader).toEqualTypeOf<StreamReader>();
        expectTypeOf(writer).toEqualTypeOf<StreamWriter>();
      },
      { port: 0 },
    ),
  ).toEqualTypeOf<Promise<Server>>();
  // @ts-expect-error -- a server that encrypts needs options
  void startServer(() => {}, { port: 0, tls: true });
  // @ts-expect-error -- a path is needed
  void startUnixServer(() => {}, 80);
});

test("datagrams know who sent them", async () => {
  const endpoint = await createDatagramEndpoint();
  for await (const datagram of endpoint) {
    expectTypeOf(datagram).toEqualTypeOf<Datagram>();
    await endpoint.send("answer", datagram.address);
  }
  // @ts-expect-error -- a port is needed
  await endpoint.send("x", { host: "x" });
});

test("transports and streams of Node's fit", () => {
  const open = (protocol: Protocol): Transport => new NodeTransport(new PassThrough(), protocol);
  expectTypeOf(connectionOver(open)).toEqualTypeOf<Connection>();
  expectTypeOf(readerFrom(new PassThrough())).toEqualTypeOf<StreamReader>();
  expectTypeOf(toReadableStream(new StreamReader())).toEqualTypeOf<ReadableStream<Uint8Array>>();
  // @ts-expect-error -- not a stream
  readerFrom("text");
});
