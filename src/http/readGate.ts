/*
 * Keeps the end of a connection from undici for as long as its parser is paused.
 *
 * Undici 7 hears of the end at once, also when the last it has read waits in the parser: it takes a
 * body that is all there for one that was cut, or fails an assertion of its own in the middle of
 * nowhere. A stream tells of its end when somebody reads and nothing is left, so nobody reads.
 * Limits: one that is paused in a callback, when undici does not read on either; a LendingSocket sees
 * to it by itself.
 */
import type { Socket } from "node:net";

/** @internal */
export class ReadGate {
  shut = false;

  constructor(socket: Socket) {
    const read = socket.read.bind(socket);
    socket.read = (size?: number) => (this.shut ? null : (read(size) as unknown));
  }
}
