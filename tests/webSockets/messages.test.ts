/**
 * Taking messages from an inbox: each is taken once, whoever else asks in the same turn, and a cancel loses none. In
 * virtual time.
 */
import { getRunningLoop } from "ambit";
import { cancelEverywhere, runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { Inbox, type WebSocketMessage } from "../../src/webSockets/inbox.ts";
import {
  anyMessage,
  type MessageSource,
  Messages,
  takeMessage,
} from "../../src/webSockets/messages.ts";

const TAP = { pause: () => {}, resume: () => {} };
const LIMITS = { unreadMessages: 100, unreadBytes: 1000, receiveTimeout: Infinity };

class Source implements MessageSource {
  readonly inbox: Inbox = new Inbox("WebSocket", TAP, getRunningLoop(), LIMITS);
  orderly = false;

  put(...messages: string[]): void {
    for (const message of messages) this.inbox.put(message, message.length);
  }

  end(): Error {
    return new Error("it ended");
  }

  receive(): Promise<WebSocketMessage> {
    return takeMessage(this, "receive", anyMessage);
  }
}

function refuse(message: WebSocketMessage): never {
  throw new TypeError(`not ${String(message)}`);
}

describe("a receive", () => {
  test("takes each message once, though another asks in the same turn", () =>
    runVirtual(async () => {
      const source = new Source();
      source.put("first", "second");
      const both = [source.receive(), source.receive()];
      expect(await Promise.all(both)).toEqual(["first", "second"]);
      expect(source.inbox.size).toBe(0);
    }));

  test("drops what it took though the inbox is emptied in the same turn", () =>
    runVirtual(async () => {
      const source = new Source();
      source.put("first");
      const received = source.receive();
      source.inbox.end(true);
      expect(await received).toBe("first");
      expect(source.inbox.size).toBe(0);
    }));

  test("leaves a message that is not expected to the next one", () =>
    runVirtual(async () => {
      const source = new Source();
      source.put("first");
      await expect(takeMessage(source, "receive", refuse)).rejects.toThrow("not first");
      expect(await source.receive()).toBe("first");
    }));

  test("gives what came before the end, and then throws it", () =>
    runVirtual(async () => {
      const source = new Source();
      source.put("last");
      source.inbox.end(false);
      expect(await source.receive()).toBe("last");
      await expect(source.receive()).rejects.toThrow("it ended");
    }));

  test("loses no message to a cancel at any point", async () => {
    await cancelEverywhere(async () => {
      const source = new Source();
      const received: WebSocketMessage[] = [];
      try {
        for (const name of ["a", "b", "c"]) {
          getRunningLoop().callSoon(() => source.put(name));
          received.push(await source.receive());
        }
      } finally {
        // What came and was not received is unread still.
        const { next, size } = source.inbox;
        expect([size, next]).toEqual(size === 0 ? [0, null] : [1, "abc"[received.length]]);
      }
    });
  });
});

describe("a loop over the messages", () => {
  test("ends when it ended in order, behind what came before", () =>
    runVirtual(async () => {
      const source = new Source();
      source.put("a", "b");
      source.orderly = true;
      source.inbox.end(false);
      const received: WebSocketMessage[] = [];
      for await (const message of new Messages(source)) received.push(message);
      expect(received).toEqual(["a", "b"]);
    }));

  test("throws another end", () =>
    runVirtual(async () => {
      const source = new Source();
      source.inbox.end(false);
      await expect(new Messages(source).next()).rejects.toThrow("it ended");
    }));
});
