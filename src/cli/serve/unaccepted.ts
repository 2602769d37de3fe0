/*
 * Connections that were handed to a worker that has died before it took them.
 *
 * Node's primary holds such a connection open until the worker says whether it has taken it, which it never will: the
 * client would wait for ever. And a channel that ends while a connection is on its way tells nobody that it has ended: the
 * worker stays on the list of those that listen, and with it the socket, and the primary.
 * Strategy: notes what is handed over and not yet answered. When the process is gone and all that it has said was read, it
 * has taken nothing of that, and has read nothing from it: so it is answered in its place that it refuses, upon which Node
 * gives the connection to another worker. Where there is none, it is closed.
 * Limits: knows the messages of node:cluster, which are the same from Node.js 20 to 26 and are documented nowhere. With
 * messages of another kind it does nothing.
 */
import type { ChildProcess } from "node:child_process";

interface Connection {
  close(): void;
}

interface InternalMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

type Send = (message: InternalMessage, handle?: Connection, ...rest: unknown[]) => boolean;

/** Sees to it that connections on their way to a worker outlive it. */
export function outliveConnections(child: ChildProcess, othersListen: () => boolean): void {
  const handedOver = new Map<unknown, Connection>();
  const send = child.send.bind(child) as unknown as Send;
  const noting: Send = (message, handle, ...rest) => {
    if (message?.cmd === "NODE_CLUSTER" && message.act === "newconn" && handle !== undefined)
      handedOver.set(message.seq, handle);
    return send(message, handle, ...rest);
  };
  child.send = noting as unknown as ChildProcess["send"];
  child.on("internalMessage", (message: InternalMessage) => void handedOver.delete(message?.ack));
  let told = false;
  child.once("disconnect", () => (told = true));
  child.once("close", () => {
    // Node's listener takes the worker off its lists; it listens once.
    if (!told) child.emit("disconnect");
    for (const [seq, connection] of handedOver) {
      if (othersListen()) {
        child.emit("internalMessage", { cmd: "NODE_CLUSTER", ack: seq, accepted: false });
      } else {
        connection.close();
      }
    }
    handedOver.clear();
  });
}
