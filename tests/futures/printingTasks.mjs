// Functions that print, for `labelConsole.test.ts`.
import { createTask, sleep } from "../../dist/index.js";
import { labelConsole } from "../../dist/futures/index.js";

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
}

/** Prints more than goes to the program at once. @param {number} lines */
export function printingMuch(lines) {
  for (let line = 0; line < lines; line++) console.log(`${line} ${"x".repeat(100)}`);
}

/** @param {string} text */
export function writing(text) {
  process.stdout.write(`${text}\n`);
}

export function labelTwice() {
  labelConsole();
  labelConsole();
  console.log("begins");
}
