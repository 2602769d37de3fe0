/*
 * Writes to a socket, gathered: the commands of one turn go out in one piece.
 *
 * Strategy: the driver writes command by command; the socket itself holds them back until the turn is over.
 */
import type { Socket } from "node:net";

/** From now on what is written in one turn is sent at its end. @internal */
export function gatherWrites(socket: Socket): void {
  let held = false;
  const release = (): void => {
    held = false;
    socket.uncork();
  };
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (...args: unknown[]): boolean => {
    if (!held) {
      held = true;
      socket.cork();
      process.nextTick(release);
    }
    return write(...args);
  };
}
