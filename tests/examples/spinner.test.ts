/**
 * The spinner on a terminal, in virtual time; what it prints in a pipe is tested with all examples.
 */
import { runVirtual } from "ambit/testing";
import { expect, test } from "vitest";

import { main } from "../../examples/spinner.ts";

test("the spinner turns ten times a second, then wipes its line", async () => {
  const written: string[] = [];
  await runVirtual(() => main({ write: (text) => written.push(text), isTTY: true }, 350));
  expect(written[0]).toMatch(/^spinner object: <Task pending name='Task-\d+' fn=spin at .*>\n$/);
  expect(written.slice(1)).toEqual([
    "\r| thinking!",
    "\r/ thinking!",
    "\r- thinking!",
    "\r\\ thinking!",
    `\r${" ".repeat("| thinking!".length)}\r`,
    "Answer: 42\n",
  ]);
});
