/*
 * linger: closes a connection so that the last answer arrives (RFC 9112, section 9.6).
 *
 * A socket that is closed while the client still sends is reset, and the reset may overtake the answer. So the answer's
 * end is sent, and what comes is thrown away for a while, or until the client has read the answer and closes.
 */
import type { Socket } from "node:net";
import { getRunningLoop } from "../core/scope.ts";

/** How long the client may take to notice, in milliseconds. */
const PATIENCE = 2000;
/** How many bytes it may send meanwhile. */
const MOST = 16 * 1024 * 1024;

/** Those that have been told. */
const told = new WeakSet<Socket>();

/** Makes the socket's next `destroySoon`, which node:http calls after the last answer, a gentle one. @internal */
export function linger(socket: Socket): void {
  if (told.has(socket)) return;
  told.add(socket);
  let leaving = false;
  socket.destroySoon = () => {
    if (leaving || socket.destroyed) return;
    leaving = true;
    leave(socket);
  };
}

function leave(socket: Socket): void {
  const most = socket.bytesRead + MOST;
  const end = (): void => void socket.destroy();
  const timer = getRunningLoop().callLater(PATIENCE, end);
  const look = (): void => void (socket.bytesRead > most && end());
  socket.on("data", look).once("end", end);
  socket.once("close", () => timer.cancel());
  socket.end();
  socket.resume();
}
