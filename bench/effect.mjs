// The rival Effect: fibers. The body is the cheapest that there is with one wait in it.
import { Effect, Fiber } from "effect";
import { BATCH, BATCHES } from "./sizes.mjs";

const body = Effect.as(Effect.yieldNow, 1);

const batch = Effect.gen(function* () {
  const fibers = [];
  for (let i = 0; i < BATCH; i++) fibers.push(yield* Effect.forkChild(body));
  let sum = 0;
  for (const fiber of fibers) sum += yield* Fiber.join(fiber);
  return sum;
});

/** Starts tasks by the thousand and joins them. */
export async function spawnJoin() {
  let sum = 0;
  for (let i = 0; i < BATCHES; i++) sum += await Effect.runPromise(batch);
  return sum;
}
