/*
 * The child processes of all pools: what is left of them when this process exits is ended with it.
 */
const pids = new Set<number>();

/** @internal */
export function rememberChild(pid: number): void {
  if (pids.size === 0) process.on("exit", endAll);
  pids.add(pid);
}

/** @internal */
export function forgetChild(pid: number): void {
  pids.delete(pid);
  if (pids.size === 0) process.off("exit", endAll);
}

/** A child and what it has started in its group. @internal */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch {
    // It is gone.
  }
}

function endAll(): void {
  for (const pid of pids) signalGroup(pid, "SIGKILL");
}
