/**
 * What the compiler must know about WebSockets and streams on the server's side. Checked by tests/project/types.test.ts;
 * never run.
 */
import {
  Application,
  BadMessage,
  ConnectionClosed,
  eventStream,
  Reply,
  type ServerSentEvent,
  ServerWebSocket,
  stream,
  type StreamWriter,
  webSocket,
  type WebSocketMessage,
} from "ambit/web";
import { expectTypeOf, test } from "vitest";

declare const socket: ServerWebSocket;

test("a route of a WebSocket infers what the path holds, what middlewares add, and the application's state", () => {
  const app = new Application({ rooms: 3 }).use(async (_request, next) => next({ user: "ada" }));
  app.webSocket("/rooms/:room/:seat<int>", (open, request) => {
    expectTypeOf(open).toEqualTypeOf<ServerWebSocket<never>>();
    expectTypeOf(request.params.room).toEqualTypeOf<string>();
    expectTypeOf(request.params.seat).toEqualTypeOf<number>();
    expectTypeOf(request.state.user).toEqualTypeOf<string>();
    expectTypeOf(request.app.state.rooms).toEqualTypeOf<number>();
  });
  // @ts-expect-error: it is the handler that comes last
  app.webSocket("/", () => {}, { heartbeat: 1000 });
});

test("the subprotocol is one of those that were offered, or none", () => {
  const app = new Application();
  app.webSocket("/", { protocols: ["v2.chat", "v1.chat"] }, ({ protocol }) => {
    expectTypeOf(protocol).toEqualTypeOf<"v2.chat" | "v1.chat" | "">();
  });
  app.webSocket("/", { heartbeat: 1000, name: "feed" }, ({ protocol }) => {
    expectTypeOf(protocol).toEqualTypeOf<"">();
  });
  app.get(
    "/",
    webSocket((open) => open.send("x"), { origins: ["https://example.org"] }),
  );
  // @ts-expect-error: a subprotocol is no number
  webSocket(() => {}, { protocols: [7] });
  // @ts-expect-error: nobody knows that option
  webSocket(() => {}, { pingInterval: 7 });
});

test("a message is text or bytes", async () => {
  expectTypeOf<WebSocketMessage>().toEqualTypeOf<string | Uint8Array>();
  for await (const message of socket) expectTypeOf(message).toEqualTypeOf<WebSocketMessage>();
  expectTypeOf(socket.receive()).toEqualTypeOf<Promise<WebSocketMessage>>();
  expectTypeOf(socket.receiveText()).toEqualTypeOf<Promise<string>>();
  expectTypeOf(socket.receiveBytes()).toEqualTypeOf<Promise<Uint8Array>>();
  expectTypeOf(socket.receiveJson()).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(socket.receiveJson((value) => String(value))).toEqualTypeOf<Promise<string>>();
  expectTypeOf(socket.ping()).toEqualTypeOf<Promise<number>>();
  void socket.send(new Uint8Array());
  // @ts-expect-error: a number is no message
  void socket.send(7);
  // @ts-expect-error: the type of what a client sends is not for the asking
  void socket.receiveJson<number>();
  // @ts-expect-error: only a handshake makes them
  void new ServerWebSocket();
});

test("its errors have codes", () => {
  expectTypeOf<ConnectionClosed["code"]>().toEqualTypeOf<number>();
  expectTypeOf(new BadMessage("no", { code: 4000 }).code).toEqualTypeOf<number>();
  // @ts-expect-error: what has happened is told, not made up
  void new ConnectionClosed();
});

test("a stream of events comes from an async iterable, or a function of the last id", () => {
  const source = async function* (): AsyncGenerator<ServerSentEvent | string> {
    yield "text";
    yield { id: "1", event: "tick", data: { any: "thing" }, retry: 5 };
  };
  expectTypeOf(eventStream(source())).toEqualTypeOf<Reply>();
  eventStream((lastEventId) => {
    expectTypeOf(lastEventId).toEqualTypeOf<string | null>();
    return source();
  });
  // @ts-expect-error: an id is text
  eventStream(async function* () {
    yield { id: 7 };
  });
  // @ts-expect-error: a list is no stream
  eventStream(["text"]);
});

test("an answer that is written has a writer, and early hints have links", () => {
  const reply = stream(async (writer) => {
    expectTypeOf(writer).toEqualTypeOf<StreamWriter>();
    expectTypeOf(writer.write("x")).toEqualTypeOf<Promise<void>>();
  });
  expectTypeOf(reply).toEqualTypeOf<Reply>();
  new Application().get("/", (request) => {
    request.earlyHints("</a.css>; rel=preload");
    request.inform(102);
    // @ts-expect-error: 100 is sent by the server itself
    request.inform(100);
    return "";
  });
});
