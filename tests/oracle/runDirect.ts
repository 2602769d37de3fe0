/*
 * Runs a test's program under the production loop's wake policy, in virtual time: see directLoop.ts.
 *
 * Limits: the order of what is ready is V8's, so a seed changes nothing; a program that is stuck is left behind.
 */
import { run } from "ambit";
import * as virtual from "../../src/testing/virtualLoop.ts";
import { directLoop } from "./directLoop.ts";

const MOST_STEPS = 100_000;

export async function runDirect<T>(main: () => Promise<T>): Promise<T> {
  const loop = directLoop({ virtual }, MOST_STEPS);
  let begun = false;
  let giveUp!: (error: Error) => void;
  const hopeless = new Promise<never>((_, reject) => (giveUp = reject));
  const abandon = (why: string) => (): void => {
    giveUp(new Error(why));
    loop.halt();
  };
  loop.start({
    awaitsOutside: () => !begun,
    stuck: abandon("nothing can go on"),
    livelocked: abandon("it does not end"),
    timeIsUp: () => {},
    unpickable: () => {},
  });
  const body = (): Promise<T> => {
    begun = true;
    return main();
  };
  try {
    return await Promise.race([run(body, { loop, handleSignals: false }), hopeless]);
  } finally {
    loop.stop();
  }
}
