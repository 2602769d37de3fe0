/**
 * Datagrams over loopback: real sockets, real time.
 */
import { inspect } from "node:util";
import { CancelledError, createTask, run, sleep } from "ambit";
import { createDatagramEndpoint, type DatagramEndpoint, EndpointClosedError } from "ambit/streams";
import { describe, expect, test } from "vitest";

const HERE = { localAddress: { host: "127.0.0.1", port: 0 } };

/** Waits until as many messages have come. */
async function arrived(endpoint: DatagramEndpoint, count: number): Promise<void> {
  while (endpoint.statistics().waiting + endpoint.statistics().dropped < count) await sleep(1);
}

describe("an endpoint for datagrams", () => {
  test("sends to anybody, tells who sent, and answers", () =>
    run(async () => {
      const [one, other] = [await createDatagramEndpoint(HERE), await createDatagramEndpoint(HERE)];
      await one.send("ping", other.address);
      const { data, address } = await other.receive();
      expect(String(data)).toBe("ping");
      expect(address).toEqual(one.address);
      await other.send(new Uint8Array([1, 2]), address);
      expect([...(await one.receive()).data]).toEqual([1, 2]);
      await other.send("by name", { host: "localhost", port: one.address.port });
      expect(String((await one.receive()).data)).toBe("by name");
      await one[Symbol.asyncDispose]();
      await other[Symbol.asyncDispose]();
    }));

  test("with one peer takes messages from that one only", () =>
    run(async () => {
      const server = await createDatagramEndpoint(HERE);
      const client = await createDatagramEndpoint({ remoteAddress: server.address });
      const stranger = await createDatagramEndpoint();
      await stranger.send("spam", { host: "127.0.0.1", port: client.address.port });
      await client.send("hello");
      const { address } = await server.receive();
      await server.send("welcome", address);
      expect(String((await client.receive()).data)).toBe("welcome");
      expect(client.statistics()).toEqual({ waiting: 0, dropped: 0, receiving: 0 });
      for (const each of [server, client, stranger]) each.close();
    }));

  test("is iterated until it is closed; what has come is given first", () =>
    run(async () => {
      const server = await createDatagramEndpoint(HERE);
      const client = await createDatagramEndpoint({ remoteAddress: server.address });
      for (const word of ["a", "b", "c"]) await client.send(word);
      await arrived(server, 3);
      const seen: string[] = [];
      const reading = createTask(async () => {
        for await (const { data } of server) {
          seen.push(String(data));
          if (seen.length === 2) server.close();
        }
      });
      await reading;
      expect(seen).toEqual(["a", "b", "c"]);
      await expect(server.receive()).rejects.toThrow(EndpointClosedError);
      await expect(server.send("x", client.address)).rejects.toThrow(
        /^send on <DatagramEndpoint clos\w+ 127/,
      );
      client.close();
    }));

  test("closing tells who waits, and may be done again", () =>
    run(async () => {
      const endpoint = await createDatagramEndpoint(HERE);
      const waiting = createTask(() => endpoint.receive());
      await sleep(1);
      expect(inspect(endpoint)).toMatch(/^<DatagramEndpoint open 127\.0\.0\.1:\d+>$/);
      expect(endpoint.isClosing()).toBe(false);
      endpoint.close();
      endpoint.close();
      expect(endpoint.isClosing()).toBe(true);
      await expect(waiting).rejects.toThrow(EndpointClosedError);
      await endpoint.waitClosed();
      await endpoint.waitClosed();
      expect(inspect(endpoint)).toMatch(/^<DatagramEndpoint closed/);
    }));

  test("a cancelled receive takes no message", () =>
    run(async () => {
      const server = await createDatagramEndpoint(HERE);
      const client = await createDatagramEndpoint({ remoteAddress: server.address });
      const [first, second] = [
        createTask(() => server.receive()),
        createTask(() => server.receive()),
      ];
      await sleep(1);
      expect(server.statistics().receiving).toBe(2);
      first.cancel();
      await expect(first).rejects.toThrow(CancelledError);
      await client.send("for the second");
      expect(String((await second).data)).toBe("for the second");
      server.close();
      client.close();
    }));

  test("more than it holds are dropped and counted", () =>
    run(async () => {
      const server = await createDatagramEndpoint({ ...HERE, queueLimit: 3 });
      const client = await createDatagramEndpoint({ remoteAddress: server.address });
      for (let i = 0; i < 5; i++) await client.send(String(i));
      await arrived(server, 5);
      expect(server.statistics()).toEqual({ waiting: 3, dropped: 2, receiving: 0 });
      expect(String((await server.receive()).data)).toBe("0");
      server.close();
      client.close();
    }));

  test("errors reach who sends, or who receives next; it stays open", () =>
    run(async () => {
      const gone = await createDatagramEndpoint(HERE);
      const { address } = gone;
      await gone[Symbol.asyncDispose]();
      const client = await createDatagramEndpoint({ remoteAddress: address });
      await expect(client.send(Buffer.alloc(70_000))).rejects.toMatchObject({ code: "EMSGSIZE" });
      await client.send("nobody hears");
      await sleep(5);
      await expect(client.receive()).rejects.toMatchObject({ code: "ECONNREFUSED" });
      const waiting = createTask(() => client.receive());
      await sleep(1);
      await client.send("nobody hears").catch(() => {});
      await expect(waiting).rejects.toMatchObject({ code: "ECONNREFUSED" });
      expect(client.isClosing()).toBe(false);
      client.close();
    }));

  test("an address that is in use, or wrong arguments, are refused", () =>
    run(async () => {
      const first = await createDatagramEndpoint(HERE);
      await expect(createDatagramEndpoint({ localAddress: first.address })).rejects.toMatchObject({
        code: "EADDRINUSE",
      });
      await expect(createDatagramEndpoint({ localAddress: { port: -1 } })).rejects.toThrow(
        RangeError,
      );
      await expect(createDatagramEndpoint({ queueLimit: 0 })).rejects.toThrow(
        /options\.queueLimit/,
      );
      await expect(first.send("x")).rejects.toThrow(/Expected `to` to be a host and a port/);
      await expect(first.send(7 as never, first.address)).rejects.toThrow(/Expected `data`/);
      const connected = await createDatagramEndpoint({
        remoteAddress: first.address,
        allowBroadcast: true,
      });
      await expect(connected.send("x", first.address)).rejects.toThrow(
        /Expected `to` to be left out/,
      );
      first.close();
      connected.close();
    }));

  test("opening it can be cancelled", () =>
    run(async () => {
      const opening = createTask(() => createDatagramEndpoint(HERE), { eager: true });
      opening.cancel();
      await expect(opening).rejects.toThrow(CancelledError);
    }));

  test("the end of the run closes one that was forgotten", async () => {
    const forgotten = await run(() => createDatagramEndpoint(HERE));
    expect(forgotten.isClosing()).toBe(true);
  });
});
