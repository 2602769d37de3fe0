// The child's end of `apart.mjs`: runs an export of a rival's file each time that it is told to.
import { timed } from "./timed.mjs";

const [, , file = "", work = ""] = process.argv;
const rival = await import(`./${file}.mjs`);

/** @param {number} expected */
async function answer(expected) {
  process.send?.(await timed(rival[work], expected)());
}

process.on("message", (/** @type {number} */ expected) => void answer(expected));
