/*
 * Bodies of tasks that tests of several files need.
 */
import { sleep } from "ambit";

/** Fails with an Error after so many milliseconds. */
export async function failAfter(ms: number, message: string): Promise<never> {
  await sleep(ms);
  throw new Error(message);
}

/** A child that records its end, and takes its time to clean up. */
export function tidy(log: string[], name: string, cleanUpMs = 2): () => Promise<void> {
  return async () => {
    try {
      await sleep(1000);
    } catch (error) {
      log.push(`${name} ${(error as Error).name}`);
      throw error;
    } finally {
      await sleep(cleanUpMs);
      log.push(`${name} ended`);
    }
  };
}
