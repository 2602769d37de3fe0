/**
 * A call of `node:fs` that something else happens in, for a moment: what the system does at its own time is made to happen
 * at one that is known.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

type Call = (...args: unknown[]) => unknown;

/** Has `work` done while the calls of that name go to `instead`, which gets the real one first. */
export async function withPatched<T>(
  name: "mkdir" | "readdir" | "stat" | "symlink" | "unlink" | "watch",
  instead: (real: Call, ...args: unknown[]) => unknown,
  work: () => Promise<T>,
): Promise<T> {
  const calls = fs as unknown as Record<string, Call>;
  const real = calls[name] as Call;
  calls[name] = (...args) => instead(real, ...args);
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    calls[name] = real;
    syncBuiltinESMExports();
  }
}

/** What the system would say. */
export function systemError(code: string, words: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${words}`), { code });
}
