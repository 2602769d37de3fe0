/*
 * The packages that calls over machines stand on: whoever has not installed them is told to, in one line.
 */
import { UsageError } from "./usageError.ts";

/**
 * Loads what stands on them.
 * @param what needs them: a command, or an option
 * @throws {@link UsageError} when they are not there
 */
export async function withQueuePackages<T>(what: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UsageError(`${what} needs two packages: \`npm install bullmq ioredis\``);
  }
}
