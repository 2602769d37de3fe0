/*
 * The heartbeat finds a peer that is gone.
 *
 * When it does what is tested in virtual time, on a pulse made by hand. That a socket has such a
 * pulse is tested over real ones, in real time.
 */
import { getRunningLoop, sleep } from "ambit";
import { ClientSession } from "ambit/http";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { Heartbeat, type Pulse } from "../../src/webSockets/heartbeat.ts";
import { trust } from "../streams/peers.ts";
import { until } from "./origin.ts";
import { rawPeer, WsServer } from "./webSocketPeers.ts";

/** A pulse that notes when it was asked, and when it was given up. */
class FakePulse implements Pulse {
  received = 0;
  deaf = false;
  readonly events: string[] = [];
  readonly #time = getRunningLoop();
  readonly #begin = this.#time.time();

  ping(): void {
    this.events.push(`ping at ${this.#time.time() - this.#begin}`);
  }

  lost(silentMs: number): void {
    this.events.push(`lost at ${this.#time.time() - this.#begin} after ${silentMs}`);
  }
}

/** What a heartbeat of 100 ms does in a second of the peer's life. */
function beats(life: (pulse: FakePulse) => Promise<void>): Promise<string[]> {
  return runVirtual(async () => {
    const pulse = new FakePulse();
    const heartbeat = new Heartbeat(getRunningLoop(), 100, 50, pulse);
    heartbeat.start();
    await life(pulse);
    heartbeat.stop();
    return pulse.events;
  });
}

describe("a heartbeat of 100 ms", () => {
  test("pings a silent peer after 100 ms, and gives it up 50 ms later", async () => {
    const events = await beats(() => sleep(1000));
    expect(events).toEqual(["ping at 100", "lost at 150 after 150"]);
  });

  test("goes on with a peer that answers", async () => {
    const events = await beats(async (pulse) => {
      for (let i = 0; i < 45; i++) {
        const asked = pulse.events.length;
        await sleep(10);
        if (pulse.events.length > asked) pulse.received++;
      }
    });
    expect(events).toEqual(["ping at 100", "ping at 250", "ping at 400"]);
  });

  test("leaves a peer alone that sends something by itself", async () => {
    const events = await beats(async (pulse) => {
      for (let i = 0; i < 10; i++) {
        await sleep(90);
        pulse.received += 7;
      }
    });
    expect(events).toEqual([]);
  });

  test("blames nobody while nothing can come, and pings all the same", async () => {
    const events = await beats(async (pulse) => {
      pulse.deaf = true;
      await sleep(520);
      pulse.deaf = false;
      await sleep(200);
    });
    // Stopped being deaf at 520: asked in earnest at 600.
    const deaf = [100, 200, 300, 400, 500].map((at) => `ping at ${at}`);
    expect(events).toEqual([...deaf, "ping at 600", "lost at 650 after 150"]);
  });

  test("does not give up a peer whose answer cannot come, because the reader is slow", async () => {
    const events = await beats(async (pulse) => {
      await sleep(120);
      pulse.deaf = true;
      await sleep(200);
    });
    expect(events).toEqual(["ping at 100", "ping at 150", "ping at 250"]);
  });

  test("does nothing once it was stopped", async () => {
    const pulses = await runVirtual(async () => {
      const pulse = new FakePulse();
      const heartbeat = new Heartbeat(getRunningLoop(), 100, 50, pulse);
      heartbeat.start();
      await sleep(120);
      heartbeat.stop();
      await sleep(1000);
      return pulse.events;
    });
    expect(pulses).toEqual(["ping at 100"]);
  });
});

describe("a WebSocket with a heartbeat", () => {
  test("finds that its peer is dead, and closes", async () => {
    let cut = false;
    let came = Buffer.alloc(0);
    await using peer = await rawPeer((socket) => {
      socket.on("data", (data) => (came = Buffer.concat([came, data])));
      socket.on("close", () => (cut = true));
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(peer.url, { heartbeat: 20 });
    const error = await socket.receive().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "WebSocketClosedError", closeCode: 1006 });
    expect(String(error)).toContain("the connection is dead: nothing came for 30 ms");
    expect(came[0]).toBe(0x89);
    await until(() => cut);
    await expect(socket.sendStr("x")).rejects.toThrow("the connection is dead");
  });

  test.each([false, true])("stays open while its peer answers (TLS: %s)", async (tls) => {
    let pings = 0;
    await using server = await WsServer.start((peer) => peer.on("ping", () => pings++), { tls });
    await using session = new ClientSession({ connector: { tls: trust } });
    await using socket = await session.wsConnect(server.url, { heartbeat: 20 });
    await until(() => pings >= 4, 5000);
    expect(socket.closed).toBe(false);
  });

  test("does not blame its peer for what is not received", async () => {
    await using server = await WsServer.start((peer) => {
      for (let i = 0; i < 40; i++) peer.send(Buffer.alloc(64 * 1024));
    });
    await using session = new ClientSession();
    await using socket = await session.wsConnect(server.url, { heartbeat: 5 });
    await until(() => socket.statistics().paused);
    await sleep(60);
    expect(socket.closed).toBe(false);
    for (let i = 0; i < 40; i++) await socket.receive();
    await socket.ping();
  });
});
