/**
 * A way to a server that can swallow all that is sent on it, as a network does that is gone without a word: nothing arrives,
 * and nobody hears that a connection has ended.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** What can swallow. */
export interface SwallowingWay {
  readonly port: number;
  /** How many connections were begun. */
  readonly begun: number;
  /** From now on nothing passes, on new connections neither. */
  swallow(): void;
  /** New connections are whole; on those that there were nothing will ever pass. */
  restore(): void;
}

/** Opens a way, which is closed at the end of the test. */
export async function swallowingWay(port: number): Promise<SwallowingWay> {
  const sockets = new Set<Socket>();
  const lost = new WeakSet<Socket>();
  let swallowing = false;
  let begun = 0;
  const server = createServer((near) => {
    begun++;
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      if (swallowing) lost.add(one);
      one.on("error", () => {});
      one.on("data", (chunk) => void (lost.has(one) || other.write(chunk)));
      one.on("close", () => {
        sockets.delete(one);
        if (!lost.has(one)) other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    const closed = once(server, "close");
    server.close();
    await closed;
  });
  return {
    port: (server.address() as AddressInfo).port,
    get begun() {
      return begun;
    },
    swallow() {
      swallowing = true;
      for (const socket of sockets) lost.add(socket);
    },
    restore() {
      swallowing = false;
    },
  };
}
