/*
 * What debug mode says: four mistakes, each of which a program may live with for years.
 *
 * A step that computes for too long, so that nobody else runs meanwhile; a `catch` that swallows a
 * cancel, so that the task goes on; work that is started without `await` and outlives its task; a
 * failure that nobody looks at. Without debug mode the program runs just as it does here, and says
 * nothing of the first three.
 */
import { setTimeout as foreignDelay } from "node:timers/promises";
import { createTask, type ExceptionContext, getRunningLoop, run, sleep } from "ambit";

interface Output {
  write(text: string): unknown;
}

async function resize(): Promise<void> {
  await sleep(1);
  const start = performance.now();
  while (performance.now() - start < 120); // one picture, in one go
  await sleep(1);
}

async function poll(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    try {
      await sleep(5);
    } catch {
      // Meant for the errors of a server; it catches the cancel, too.
    }
  }
}

async function log(): Promise<void> {
  await foreignDelay(1);
  await sleep(1);
}

async function save(): Promise<void> {
  void log();
}

async function lose(): Promise<void> {
  throw new Error("the disk is full");
}

async function makeMistakes(): Promise<void> {
  await createTask(resize, { name: "resizer" });
  // On a busy machine anything may take long; the example is to print the same everywhere.
  getRunningLoop().slowCallbackDuration = Infinity;
  const poller = createTask(poll, { name: "poller" });
  await sleep(1);
  poller.cancel();
  await poller;
  await createTask(save, { name: "saver" });
  await foreignDelay(50);
  createTask(lose, { name: "loser" });
}

function print(out: Output, { message, details }: ExceptionContext): void {
  out.write(`${message}\n${details}\n\n`);
}

export async function main(out: Output): Promise<void> {
  const loop = getRunningLoop();
  loop.setExceptionHandler((context) => print(out, context));
  await run(makeMistakes, { debug: true });
  loop.slowCallbackDuration = 100;
  loop.setExceptionHandler(null);
}

// Node 24 and later run this file as it is; `npm run example debugMode` does on any version.
if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * a step of task 'resizer' held the loop for … ms
 * it began after sleep:
 *     at examples/debugMode.ts:17 in resize
 * it ended with sleep:
 *     at examples/debugMode.ts:20 in resize
 *
 * a CancelledError was swallowed: it waits again where the cancel was thrown
 * cancel was called:
 *     at examples/debugMode.ts:52 in makeMistakes
 * it was thrown out of sleep:
 *     at examples/debugMode.ts:26 in poll
 * now it waits in sleep:
 *     at examples/debugMode.ts:26 in poll
 * the task was created:
 *     at examples/debugMode.ts:50 in makeMistakes
 * throw it on (rethrowIfCancelled is the first line of a catch), or say that the cancel is settled: task.uncancel()
 *
 * sleep was refused: it was called by work that was left running after its scope had ended
 * sleep was called:
 *     at examples/debugMode.ts:35 in log
 * its task was created:
 *     at examples/debugMode.ts:54 in makeMistakes
 *
 * task 'loser' failed and nobody looked at its exception
 * task 'loser' was created:
 *     at examples/debugMode.ts:56 in makeMistakes
 */
