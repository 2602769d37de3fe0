/**
 * A folder of 100,000 files: whatever goes through it does so batch by batch, and never has all of it in memory.
 */
import { linkSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listdir } from "ambit/files";
import { beforeAll, describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { folders } from "./folder.ts";

const fresh = folders();
const COUNT = 100_000;

/** A heap into which a listing of it does not fit. */
const SMALL = { flags: ["--max-old-space-size=12"] };

describe("a folder of 100,000 files", () => {
  let top = "";

  beforeAll(() => {
    top = fresh("many");
    mkdirSync(top);
    let file = "";
    for (let n = 0; n < COUNT; n++) {
      const path = join(top, `a name of usual length ${n}`);
      // A second name is made many times quicker than a file; a file of ext4 has 65,000 at most.
      if (n % 50_000 !== 0) linkSync(file, path);
      else writeFileSync((file = path), "");
    }
  }, 120_000);

  test("is listed in whole", async () => {
    expect(new Set(await listdir(top)).size).toBe(COUNT);
  });

  test("is walked through in little memory", async () => {
    const program = `
      import { scandir, walk } from "ambit/files";
      const counts = [0, 0];
      for await (const entry of walk(${JSON.stringify(dirname(top))})) counts[0] += entry.isFile();
      for await (const entry of scandir(${JSON.stringify(top)})) counts[1] += entry.isFile();
      console.log(counts.join(" "));
    `;
    const { code, out } = await runProgram(program, SMALL);
    expect({ code, out }).toEqual({ code: 0, out: "100000 100000\n" });
  });

  test("is removed in little memory", { timeout: 120_000 }, async () => {
    const program = `
      import { rmtree } from "ambit/files";
      await rmtree(${JSON.stringify(top)});
      console.log("removed");
    `;
    const { code, out } = await runProgram(program, SMALL);
    expect({ code, out }).toEqual({ code: 0, out: "removed\n" });
    expect(readdirSync(dirname(top))).toEqual([]);
  });
});
