/*
 * One job of three stages, written in three ways: with callbacks, with promises, with tasks.
 *
 * An order reserves an item, charges the customer and ships; each stage needs what the one before
 * gave. To the end, all three do the same. The difference shows when the customer calls the order
 * off during the second stage: callbacks and promises cannot be told, one can only stop listening,
 * and the parcel is shipped all the same. The task stops where it is, and its `catch` gives the
 * item back before the task ends.
 */
import { createTask, isCancelled, run, sleep, type Task } from "ambit";

interface Output {
  write(text: string): unknown;
}

/** How long a stage takes, in milliseconds. */
const stage = 50;

/** What the shop did in the course of one order. */
type Journal = string[];

// With callbacks: the nesting is the order of things, and each level hands errors on.

type Callback = (error: Error | undefined, receipt: string) => void;

function callBack(journal: Journal, what: string, receipt: string, done: Callback): void {
  setTimeout(() => {
    journal.push(what);
    done(undefined, `${receipt} ${what}`);
  }, stage);
}

function orderWithCallbacks(journal: Journal, item: string, done: Callback): void {
  callBack(journal, "reserved", item, (error, reserved) => {
    if (error) return done(error, "");
    return callBack(journal, "charged", reserved, (error, charged) => {
      if (error) return done(error, "");
      return callBack(journal, "shipped", charged, done);
    });
  });
}

// With promises: a chain, flat, but there is no way to reach into it.

function promise(journal: Journal, what: string, receipt: string): Promise<string> {
  return new Promise((resolve) => {
    callBack(journal, what, receipt, (_error, next) => resolve(next));
  });
}

function orderWithPromises(journal: Journal, item: string): Promise<string> {
  return promise(journal, "reserved", item)
    .then((reserved) => promise(journal, "charged", reserved))
    .then((charged) => promise(journal, "shipped", charged));
}

// With tasks: it reads from top to bottom, and every await is a place to stop.

async function step(journal: Journal, what: string, receipt: string): Promise<string> {
  await sleep(stage);
  journal.push(what);
  return `${receipt} ${what}`;
}

async function orderInTask(journal: Journal, item: string): Promise<string> {
  const reserved = await step(journal, "reserved", item);
  try {
    const charged = await step(journal, "charged", reserved);
    return await step(journal, "shipped", charged);
  } catch (error) {
    // Cancelled, or the charge was refused: the cleaning up may take its time, too.
    await step(journal, "given back", item);
    throw error;
  }
}

async function toTheEnd(out: Output): Promise<void> {
  out.write("To the end\n");
  const called = await new Promise<string>((resolve) => {
    orderWithCallbacks([], "tea", (_error, receipt) => resolve(receipt));
  });
  out.write(`  callbacks: ${called}\n`);
  out.write(`  promises:  ${await orderWithPromises([], "tea")}\n`);
  out.write(`  task:      ${await createTask(() => orderInTask([], "tea"))}\n`);
}

async function calledOff(out: Output): Promise<void> {
  out.write("Called off during the second stage\n");
  const journals: Journal[] = [[], [], []];
  const [called = [], promised = [], tasked = []] = journals;
  const isListening = { callbacks: true, promises: true };
  orderWithCallbacks(called, "tea", (_error, receipt) => {
    if (isListening.callbacks) out.write(`never printed: ${receipt}\n`);
  });
  const shipped = orderWithPromises(promised, "tea").then((receipt) => {
    if (isListening.promises) out.write(`never printed: ${receipt}\n`);
  });
  const task = createTask(() => orderInTask(tasked, "tea"));

  // Until each of them is in its second stage.
  while (journals.some(({ length }) => length === 0)) await sleep(1);
  isListening.callbacks = false;
  isListening.promises = false;
  task.cancel("the customer changed his mind");
  const ended = await endOf(task);
  await shipped;

  out.write(`  callbacks: ${called.join(", ")} (nobody listens, the tea comes)\n`);
  out.write(`  promises:  ${promised.join(", ")} (the same)\n`);
  out.write(`  task:      ${tasked.join(", ")} (${ended})\n`);
}

async function endOf(task: Task<string>): Promise<string> {
  try {
    return await task;
  } catch (error) {
    if (!isCancelled(error)) throw error;
    return "cancelled";
  }
}

export async function main(out: Output): Promise<void> {
  await run(async () => {
    await toTheEnd(out);
    await calledOff(out);
  });
}

// Node 24 and later run this file as it is; `npm run example stages` does on any version.
if ((import.meta as { main?: boolean }).main) await main(process.stdout);

/* Output:
 * To the end
 *   callbacks: tea reserved charged shipped
 *   promises:  tea reserved charged shipped
 *   task:      tea reserved charged shipped
 * Called off during the second stage
 *   callbacks: reserved, charged, shipped (nobody listens, the tea comes)
 *   promises:  reserved, charged, shipped (the same)
 *   task:      reserved, given back (cancelled)
 */
