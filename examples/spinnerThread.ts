/*
 * The spinner again, with a worker thread beside it: for slow code that computes instead of waiting.
 *
 * In spinner.ts, `slow` waits, and lets the spinner turn meanwhile. Code that keeps the processor
 * busy would hold up every task of its thread, so here it has a thread of its own. `suspend` makes
 * one wait of it: the message settles the wait, and a cancel, should there be one, ends the thread.
 *
 * To compare: a task costs a microsecond and shares everything with the others; a thread costs
 * tens of milliseconds and shares nothing, so what goes in and out is copied. A task stops when it
 * awaits; a thread that computes awaits nothing, and can only be broken off.
 */
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";

import { createTask, run, sleep, suspend, wait } from "ambit";

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

function slowInThread(ms: number): Promise<number> {
  return suspend<number>((answered) => {
    const thread = new Worker(new URL("slowWorker.mjs", import.meta.url), { workerData: { ms } });
    thread.once("message", (answer: number) => answered.resolve(answer));
    thread.once("error", (error) => answered.reject(error));
    return () => void thread.terminate();
  });
}

async function supervisor(out: Output, ms: number): Promise<number> {
  const spin = () => animate("thinking!", out);
  const spinner = createTask(spin);
  out.write(`spinner object: ${inspect(spinner)}\n`);
  const answer = await slowInThread(ms);
  spinner.cancel();
  await wait([spinner]);
  return answer;
}

/** @param ms how long thinking takes */
export async function main(out: Output, ms = 1000): Promise<void> {
  const answer = await run(() => supervisor(out, ms));
  out.write(`Answer: ${answer}\n`);
}

// Node 24 and later run this file as it is; `npm run example spinnerThread` does on any version.
if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output, in a pipe:
 * spinner object: <Task pending name='Task-…' fn=spin at …>
 * Answer: 42
 */
