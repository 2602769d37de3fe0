/**
 * Running out of descriptors (EMFILE): in processes of their own, for the limit is a process's.
 *
 * How many descriptors Node itself has, and when it takes another, differs from version to version. So the programs take
 * all there are and give some back, and look at what they have open of their own instead of counting what is left. Real
 * time, for a limit of the system is nothing that could be simulated; nothing depends on how much of it passes.
 */
import { run } from "ambit";
import { runSubprocess } from "ambit/subprocess";
import { describe, expect, test } from "vitest";
import { WINDOWS } from "./folder.ts";

/** Runs a program that has so many descriptors left, and gives what it prints. */
async function withDescriptors(left: number, source: string): Promise<string> {
  const program = `
    import fs, { closeSync, openSync, readdirSync, readlinkSync } from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    import { createTask, isCancelled, moveOnAfter, run, sleep } from "ambit";
    import * as files from "ambit/files";
    const { open, readText } = files;
    const held = [];
    const take = () => { try { for (;;) held.push(openSync("/dev/null")); } catch {} };
    const free = (count) => { while (count-- > 0) closeSync(held.pop()); };
    /** Those of this process that lead to what is called so. */
    const openOf = (name) => readdirSync("/proc/self/fd").filter((fd) => {
      try { return readlinkSync("/proc/self/fd/" + fd).includes(name); } catch { return false; }
    }).length;
    // What Node opens once only is open then.
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => readText("package.json")));
    take();
    free(${left});
    ${source}
  `;
  const shell = 'ulimit -n 200; exec "$0" --input-type=module --eval "$1"';
  const { stdout, stderr } = await run(() =>
    runSubprocess("sh", ["-c", shell, process.execPath, program], {
      encoding: "utf8",
      // Node.js 22 reads such certificates in a thread, and closes their file when it pleases.
      env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", NODE_EXTRA_CA_CERTS: "" },
    }),
  );
  expect(stderr).toBe("");
  return stdout;
}

describe.skipIf(WINDOWS)("when there are no descriptors left", () => {
  test("thousands of files are opened at once all the same", async () => {
    const out = await withDescriptors(
      12,
      `await run(async () => {
        let [most, now, done] = [0, 0, 0];
        await Promise.all(Array.from({ length: 5000 }, async () => {
          const file = await open("package.json", "rb");
          most = Math.max(most, ++now);
          await file.read(1);
          now--;
          await file.close();
          done++;
        }));
        console.log(done, most <= 12 || most);
        free(held.length);
        if (process.platform === "linux") console.log(openOf("package.json"));
      });`,
    );
    expect(out).toBe(process.platform === "linux" ? "5000 true\n0\n" : "5000 true\n");
  });

  test("whatever opens something waits its turn", async () => {
    const out = await withDescriptors(
      6,
      `await run(async () => {
        const folder = await files.temporaryDirectory();
        const large = folder.path + "/large";
        await files.writeBytes(large, Buffer.alloc((1 << 20) + 1));
        const many = async (what) => {
          const ends = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => what(n)));
          const failed = ends.filter(({ status }) => status === "rejected");
          return failed.map(({ reason }) => String(reason));
        };
        const count = async (entries) => { for await (const _ of entries); };
        const failures = await Promise.all([
          many(() => readText("package.json")),
          many((n) => files.writeText(folder.path + "/written" + n, "text")),
          many((n) => files.atomicWrite(folder.path + "/whole" + n, "text")),
          many((n) => files.copyFile("package.json", folder.path + "/copy" + n)),
          many((n) => files.copyFile(large, folder.path + "/large" + n, { reflink: false })),
          many((n) => files.copyTree(".changeset", folder.path + "/tree" + n)),
          many(() => files.listdir(".")),
          many(() => count(files.scandir("."))),
          many(() => count(files.walk("docs"))),
          many(() => files.temporaryFile().then((file) => file.close())),
          many(() => count(files.tail("package.json", { follow: false }))),
          many((n) => files.fileLock(folder.path + "/lock" + n).then((lock) => lock.release())),
        ]);
        await folder.cleanup();
        console.log(failures.flat());
      });`,
    );
    expect(out).toBe("[]\n");
  });

  test("opening waits its turn, first come, first served", async () => {
    const out = await withDescriptors(
      0,
      `await run(async () => {
        const order = [];
        const one = (index) => createTask(async () => {
          const file = await open("package.json", "rb", { patience: 60_000 });
          order.push(index);
          await file.close();
        });
        let refusals = 0;
        const original = fs.open;
        fs.open = (...values) => {
          const done = values.pop();
          original(...values, (...answer) => { refusals++; done(...answer); });
        };
        syncBuiltinESMExports();
        // Of several that ask at once, any may be refused first; when one waits, those who come are behind it.
        const tasks = [one(0)];
        while (refusals < 2) await sleep(1);
        tasks.push(...[1, 2, 3, 4].map(one));
        await sleep(5);
        console.log(order.length);
        free(1);
        await Promise.all(tasks);
        console.log(order.join());
      });`,
    );
    expect(out).toBe("0\n0,1,2,3,4\n");
  });

  test("a line that does not move fails when patience is at its end, for all, and says so", async () => {
    const out = await withDescriptors(
      0,
      `await run(async () => {
        const ends = await Promise.allSettled(Array.from({ length: 50 }, () =>
          open("package.json", "rb", { patience: 50 })));
        console.log(new Set(ends.map(({ reason }) => String(reason))).size);
        const [{ reason }] = ends;
        console.log(String(reason));
        console.log(reason.code, reason.operation, reason.path, reason.cause.code);
        free(2);
        console.log((await readText("package.json")).length > 0);
      });`,
    );
    expect(out).toBe(
      "1\nFileError: open 'package.json': too many open files, and none was closed for 50 ms: close some, or raise the " +
        "limit (ulimit -n) (EMFILE)\nEMFILE open package.json EMFILE\ntrue\n",
    );
  });

  test("who is cancelled leaves the line to the others", async () => {
    const out = await withDescriptors(
      0,
      `await run(async () => {
        const first = createTask(() => open("package.json", "rb", { patience: 60_000 }));
        const second = createTask(() => open("package.json", "rb", { patience: 60_000 }));
        await sleep(20);
        first.cancel();
        console.log(await first.then(() => "opened", isCancelled));
        free(1);
        await (await second).close();
        console.log("second");
      });`,
    );
    expect(out).toBe("true\nsecond\n");
  });
});
