/*
 * A Unix socket that a process has left behind that did not end well: its file is there, and nobody listens.
 */
import { rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { suspend } from "../../core/suspend.ts";
import { UsageError } from "../usageError.ts";

/**
 * Removes the file, if nobody listens there.
 *
 * **Cancellation:** the attempt to connect is given up, and the file stays.
 *
 * @throws {@link UsageError} when somebody does, or the file is no socket
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new UsageError(`--unix ${path}: there is a file that is no socket`);
  if (await answers(path)) throw new UsageError(`--unix ${path}: another process listens there`);
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return suspend<boolean>(
    (wait) => {
      const socket = connect(path);
      const answer = (yes: boolean): void => {
        socket.destroy();
        wait.resolve(yes);
      };
      socket.once("connect", () => answer(true)).once("error", () => answer(false));
      return () => void socket.destroy();
    },
    undefined,
    "connect",
  );
}
