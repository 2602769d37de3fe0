/*
 * Talking to a proxy on a socket that will be somebody else's: reads exactly what belongs to the
 * handshake, and leaves everything after it unread.
 *
 * Strategy: a handshake is a function that is called with all bytes that have come and were not
 * used; it says how many it used and whether it is done, and throws what is wrong. The socket stays
 * in paused mode, so what comes after is there for TLS or HTTP.
 */
import type { Socket } from "node:net";

/** @internal */
export interface Progress {
  /** Bytes from the front that are dealt with. */
  readonly used: number;
  readonly done: boolean;
}

/** Reads what came; may write to its socket. @internal */
export type Handshake = (bytes: Buffer) => Progress;

const ENDED_EARLY = "it closed the connection in the middle of the handshake";

/** `begin` sends what comes first. Calls `settled` once, with what went wrong or null; destroying the socket silences it. @internal */
export function shakeHands(
  socket: Socket,
  begin: () => Handshake,
  settled: (error: Error | null) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  let handshake: Handshake;
  const settle = (error: Error | null): void => {
    socket.off("readable", onReadable).off("end", onEnd);
    settled(error);
  };
  const onEnd = (): void => settle(new Error(ENDED_EARLY));
  const onReadable = (): void => {
    for (;;) {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      try {
        if (!advance()) continue;
      } catch (error) {
        return settle(error as Error);
      }
      socket.off("readable", onReadable);
      if (bytes.length > 0) socket.unshift(bytes);
      return settle(null);
    }
  };
  /** True when the handshake is done with what has come. */
  const advance = (): boolean => {
    for (;;) {
      const { used, done } = handshake(bytes);
      bytes = bytes.subarray(used);
      // Two answers may have come in one piece.
      if (done || used === 0) return done;
    }
  };
  try {
    handshake = begin();
  } catch (error) {
    return settled(error as Error);
  }
  socket.on("readable", onReadable).on("end", onEnd);
}
