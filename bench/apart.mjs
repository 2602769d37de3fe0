// A rival in a process of its own, run when it is asked to: for runtimes that replace the program's own.
//
// It has its own heap and its own compiled code, and on Node.js 20 it does not pay for an AsyncLocalStorage that it does
// not use. `apartChild.mjs` is the other end.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** @typedef {{ resolve: (took: number) => void, reject: (error: Error) => void }} PromiseWithResolvers */

const CHILD = fileURLToPath(new URL("apartChild.mjs", import.meta.url));

/** The parent's end. */
export class Apart {
  #child;
  /** @type {PromiseWithResolvers | null} */
  #running = null;

  /** @param {string} file The module of the rival, in this folder. @param {string} work The export that does the work. */
  constructor(file, work) {
    this.#child = fork(CHILD, [file, work], { execArgv: ["--expose-gc"] });
    this.#child.on("message", (took) => this.#running?.resolve(/** @type {number} */ (took)));
    this.#child.on("exit", (code) =>
      this.#running?.reject(new Error(`the process of ${file} ended with code ${code}`)),
    );
  }

  /** Runs the work once in the child; gives the milliseconds it took there. @param {number} expected @returns {Promise<number>} */
  run(expected) {
    return new Promise((resolve, reject) => {
      this.#running = { resolve, reject };
      this.#child.send(expected);
    });
  }

  end() {
    this.#running = null;
    this.#child.disconnect();
  }
}
