/**
 * When the heartbeat pings and gives up, in virtual time, on a pulse made by hand. That a socket has such a pulse is
 * tested over real ones, in webSocketFlow.test.ts.
 */
import { getRunningLoop, sleep } from "ambit";
import { runVirtual } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { Heartbeat, type Pulse } from "../../src/webSockets/heartbeat.ts";

/** A pulse that notes when it was asked, and when it was given up. */
class FakePulse implements Pulse {
  received = 0;
  deaf = false;
  readonly events: string[] = [];
  readonly #loop = getRunningLoop();
  readonly #begin = this.#loop.time();

  ping(): void {
    this.events.push(`ping at ${this.#loop.time() - this.#begin}`);
  }

  lost(silentMs: number): void {
    this.events.push(`lost at ${this.#loop.time() - this.#begin} after ${silentMs}`);
  }
}

function start(every: number, patience: number): { pulse: FakePulse; heartbeat: Heartbeat } {
  const pulse = new FakePulse();
  const heartbeat = new Heartbeat(getRunningLoop(), every, patience, pulse);
  heartbeat.start();
  return { pulse, heartbeat };
}

describe("a heartbeat", () => {
  test("pings a client that is silent, and gives it up when that is not answered", async () => {
    await runVirtual(async () => {
      const { pulse } = start(20, 5);
      await sleep(1000);
      expect(pulse.events).toEqual(["ping at 20", "lost at 25 after 25"]);
    });
  });

  test("takes whatever comes for a sign of life, so that no ping is needed", async () => {
    await runVirtual(async () => {
      const { pulse, heartbeat } = start(20, 5);
      for (let at = 0; at < 20; at++) {
        await sleep(15);
        pulse.received++;
      }
      expect(pulse.events).toEqual([]);
      heartbeat.stop();
    });
  });

  test("begins anew with each answer", async () => {
    await runVirtual(async () => {
      const { pulse } = start(20, 5);
      await sleep(22);
      pulse.received += 6;
      await sleep(1000);
      expect(pulse.events).toEqual(["ping at 20", "ping at 45", "lost at 50 after 25"]);
    });
  });

  test("goes on as soon as its ping is answered", async () => {
    await runVirtual(async () => {
      const { pulse, heartbeat } = start(20, 1000);
      await sleep(25);
      pulse.received += 6;
      heartbeat.answered();
      heartbeat.answered();
      await sleep(25);
      heartbeat.answered();
      expect(pulse.events).toEqual(["ping at 20", "ping at 45"]);
      heartbeat.stop();
      await sleep(5000);
      expect(pulse.events).toHaveLength(2);
    });
  });

  test("blames nobody while nothing can come, and pings all the same", async () => {
    await runVirtual(async () => {
      const { pulse } = start(20, 5);
      pulse.deaf = true;
      await sleep(65);
      expect(pulse.events).toEqual(["ping at 20", "ping at 40", "ping at 60"]);
      pulse.deaf = false;
      await sleep(1000);
      expect(pulse.events.slice(3)).toEqual(["ping at 80", "lost at 85 after 25"]);
    });
  });

  test("of endless patience only pings", async () => {
    await runVirtual(async () => {
      const { pulse, heartbeat } = start(20, Infinity);
      await sleep(50);
      pulse.received++;
      await sleep(30);
      heartbeat.stop();
      expect(pulse.events).toEqual(["ping at 20", "ping at 40", "ping at 80"]);
    });
  });

  test("of Infinity does nothing, and one that was stopped neither", async () => {
    await runVirtual(async () => {
      const never = start(Infinity, 5);
      const stopped = start(20, 5);
      stopped.heartbeat.stop();
      await sleep(1000);
      expect([never.pulse.events, stopped.pulse.events]).toEqual([[], []]);
    });
  });
});
