/*
 * A spinner turns while something slow goes on, then it is cancelled and wipes its line.
 *
 * Two tasks take turns in one thread: each runs until it awaits something, then the other has its
 * turn. The spinner never ends by itself. It is told to stop by `cancel`, which makes the `sleep`
 * that it is in throw; `finally` then cleans up, as it would after any other error.
 *
 * In a pipe there is nothing to animate, so no control characters are written there.
 */
import { inspect } from "node:util";

import { createTask, run, sleep, wait } from "ambit";

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

async function animate(message: string, out: Output): Promise<never> {
  try {
    for (let turn = 0; ; turn++) {
      if (out.isTTY) out.write(`\r${"|/-\\"[turn % 4]} ${message}`);
      await sleep(100);
    }
  } finally {
    if (out.isTTY) out.write(`\r${" ".repeat(message.length + 2)}\r`);
  }
}

/** Stands for an answer from far away: it takes its time and leaves the thread to others. */
async function slow(ms: number): Promise<number> {
  await sleep(ms);
  return 42;
}

async function supervisor(out: Output, ms: number): Promise<number> {
  const spin = () => animate("thinking!", out);
  const spinner = createTask(spin);
  out.write(`spinner object: ${inspect(spinner)}\n`);
  const answer = await slow(ms);
  spinner.cancel();
  await wait([spinner]);
  return answer;
}

/** @param ms how long thinking takes */
export async function main(out: Output, ms = 1000): Promise<void> {
  const answer = await run(() => supervisor(out, ms));
  out.write(`Answer: ${answer}\n`);
}

// Node 24 and later run this file as it is; `npm run example spinner` does on any version.
if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output, in a pipe:
 * spinner object: <Task pending name='Task-…' fn=spin at …>
 * Answer: 42
 */
