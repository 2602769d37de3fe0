// Functions that print, for `labelConsole.test.ts`.
import { createTask, sleep } from "../../dist/index.js";
import { labelConsole } from "../../dist/futures/index.js";

/** Ends when the program has all that was printed: a thread that is ended before may lose some. */
async function flushed() {
  for (const output of [process.stdout, process.stderr])
    await new Promise((resolve) => void output.write("", resolve));
}

/** @param {string} name */
export async function printing(name) {
  console.log("plain", { name });
  console.warn("%s has 100%%", name);
  console.error(7);
  console.info();
  console.log("100%% of one argument");
  await sleep(1);
  await createTask(async () => console.log("of a child task"), { name: "child" });
  console.group("group");
  console.debug("inside");
  console.groupEnd();
  await flushed();
}

/** @type {Promise<void> | undefined} */
let printed;

/** Prints when its call has ended. */
export function printingLater() {
  printed = new Promise((resolve) => {
    setTimeout(() => {
      console.log("later");
      resolve();
    }, 1);
  });
}

/** Ends when that was printed. */
export async function latePrint() {
  await printed;
  await flushed();
}

/** @param {string} text */
export async function writing(text) {
  process.stdout.write(`${text}\n`);
  await flushed();
}

export function labelTwice() {
  labelConsole();
  labelConsole();
  console.log("begins");
}
