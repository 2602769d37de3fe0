// The rival Effection: generators as tasks. The body is the cheapest that there is with one wait in it.
import { run, spawn, until } from "effection";
import { BATCH, FEW_BATCHES } from "./sizes.mjs";

const SETTLED = Promise.resolve();

function* body() {
  yield* until(SETTLED);
  return 1;
}

function* batch() {
  const tasks = [];
  for (let i = 0; i < BATCH; i++) tasks.push(yield* spawn(body));
  let sum = 0;
  for (const task of tasks) sum += yield* task;
  return sum;
}

/** Starts tasks by the thousand and joins them. */
export async function spawnJoin() {
  let sum = 0;
  for (let i = 0; i < FEW_BATCHES; i++) sum += await run(batch);
  return sum;
}
