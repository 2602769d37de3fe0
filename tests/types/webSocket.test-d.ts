/**
 * What the compiler must know about WebSockets. Checked by tests/project/types.test.ts; never run.
 */
import {
  type ClientSession,
  ClientWebSocket,
  type WebSocketClosedError,
  type WebSocketMessage,
  type WebSocketOptions,
} from "ambit/http";
import { expectTypeOf, test } from "vitest";

declare const session: ClientSession;
declare const socket: ClientWebSocket;
declare const closed: WebSocketClosedError;

test("opening one takes the options of a request, and its own", () => {
  expectTypeOf(session.wsConnect("ws://h/")).toEqualTypeOf<Promise<ClientWebSocket>>();
  void session.wsConnect(new URL("ws://h/"), { headers: { a: "b" }, heartbeat: 1000, timeout: 5 });
  expectTypeOf<WebSocketOptions["compress"]>().toEqualTypeOf<boolean | undefined>();
  // @ts-expect-error: a handshake has no body
  void session.wsConnect("ws://h/", { json: {} });
  // @ts-expect-error: several subprotocols are a list
  void session.wsConnect("ws://h/", { protocols: "chat" });
  // @ts-expect-error: only the session makes them
  void new ClientWebSocket();
});

test("a message is text or bytes", async () => {
  expectTypeOf<WebSocketMessage>().toEqualTypeOf<string | Uint8Array>();
  for await (const message of socket) expectTypeOf(message).toEqualTypeOf<WebSocketMessage>();
  expectTypeOf(socket.receive()).toEqualTypeOf<Promise<WebSocketMessage>>();
  expectTypeOf(socket.receiveStr()).toEqualTypeOf<Promise<string>>();
  expectTypeOf(socket.receiveBytes()).toEqualTypeOf<Promise<Uint8Array>>();
  expectTypeOf(socket.receiveJson()).toEqualTypeOf<Promise<unknown>>();
  expectTypeOf(socket.receiveJson<number>()).toEqualTypeOf<Promise<number>>();
  // @ts-expect-error: text is a string
  void socket.sendStr(new Uint8Array());
  // @ts-expect-error: bytes are no string
  void socket.sendBytes("text");
});

test("a ping gives a time, and the end has a code", () => {
  expectTypeOf(socket.ping()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(socket.closeCode).toEqualTypeOf<number | null>();
  expectTypeOf(closed.closeCode).toEqualTypeOf<number>();
});
