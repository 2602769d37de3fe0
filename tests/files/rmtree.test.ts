/**
 * Removing trees: whole ones, ones that change meanwhile, ones that cannot go.
 */
import { execFileSync } from "node:child_process";
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { dirname, join } from "node:path";
import { sleep } from "ambit";
import { type FileError, rmtree } from "ambit/files";
import { cancelEverywhere } from "ambit/testing";
import { describe, expect, test } from "vitest";
import { runProgram } from "../core/childProgram.ts";
import { folders } from "./folder.ts";

const fresh = folders();

function tree(...paths: string[]): string {
  const top = fresh("top");
  for (const path of paths) {
    mkdirSync(join(top, dirname(path)), { recursive: true });
    writeFileSync(join(top, path), "");
  }
  return top;
}

test("removes all, hidden and odd names included", async () => {
  const top = tree("a/b/c", ".hidden/.file", "日本語/naïve", "-rf", "with\nnewline");
  await rmtree(top);
  expect(existsSync(top)).toBe(false);
});

test.skipIf(process.platform !== "linux")("removes names that are no text", async () => {
  const top = tree("folder/file");
  const odd = Buffer.concat([Buffer.from(`${top}/`), Buffer.from([0xff, 0x80])]);
  mkdirSync(odd);
  writeFileSync(Buffer.concat([odd, Buffer.from("/"), Buffer.from([0xc3])]), "");
  await rmtree(top);
  expect(existsSync(top)).toBe(false);
});

test("removes links, and leaves what they lead to", async () => {
  const top = tree("inner/file");
  const outside = tree("kept");
  symlinkSync(outside, join(top, "link"));
  symlinkSync(join(outside, "kept"), join(top, "inner/link"));
  symlinkSync("nowhere", join(top, "dangling"));
  await rmtree(top);
  expect(existsSync(top)).toBe(false);
  expect(readdirSync(outside)).toEqual(["kept"]);
});

test("removes more than one batch of files, and deep trees", async () => {
  const many = Array.from({ length: 1500 }, (_, n) => `many/f${n}`);
  const top = tree(...many, `${"d/".repeat(400)}file`);
  await rmtree(top);
  expect(existsSync(top)).toBe(false);
});

test("refuses a file, and a link to a folder", async () => {
  const top = tree("file");
  symlinkSync(top, `${top}.link`);
  for (const path of [join(top, "file"), `${top}.link`]) {
    const error: unknown = await rmtree(path).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ operation: "rmtree", path, code: "ENOTDIR" });
    expect(String(error)).toContain("remove() takes it");
  }
  expect(readFileSync(join(top, "file"), "utf8")).toBe("");
});

test("fails for what is missing, unless that is fine", async () => {
  const path = fresh("missing");
  await expect(rmtree(path)).rejects.toMatchObject({ code: "ENOENT" });
  await rmtree(path, { missingOk: true });
});

test("others may remove the same tree at the same time", async () => {
  const top = tree(...Array.from({ length: 300 }, (_, n) => `d${n % 30}/f${n}`));
  const missingOk = true;
  await Promise.all([1, 2, 3].map(() => rmtree(top, { missingOk })));
  expect(existsSync(top)).toBe(false);
});

test("removes what is added while it goes through a folder", async () => {
  const top = tree(...Array.from({ length: 40 }, (_, n) => `d${n}/f`));
  let added = 0;
  const add = async (): Promise<void> => {
    for (let n = 0; n < 20; n++) {
      try {
        writeFileSync(join(top, `late${n}`), "");
        added++;
      } catch {
        return; // It is gone already.
      }
      await sleep(0);
    }
  };
  await Promise.all([rmtree(top), add()]);
  expect(added).toBeGreaterThan(0);
  expect(existsSync(top)).toBe(false);
});

test.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "tells of what cannot be removed, and removes the rest",
  async () => {
    const top = tree("a/file", "b/file", "c");
    const stays = join(top, "a/file");
    execFileSync("mount", ["--bind", stays, stays]);
    try {
      await expect(rmtree(top)).rejects.toMatchObject({ path: stays, code: "EBUSY" });
      writeFileSync(join(top, "d"), "");
      const errors: FileError[] = [];
      await rmtree(top, { onError: (error) => errors.push(error) });
      expect(errors.map(({ path, code }) => [path, code])).toEqual([
        [stays, "EBUSY"],
        [dirname(stays), "ENOTEMPTY"],
        [top, "ENOTEMPTY"],
      ]);
      expect(readdirSync(top)).toEqual(["a"]);
    } finally {
      execFileSync("umount", [stays]);
    }
  },
);

test("stops when it is cancelled, at any point", async () => {
  let left = 0;
  let gone = 0;
  const points = await cancelEverywhere(async () => {
    const top = tree(...Array.from({ length: 12 }, (_, n) => `d${n % 3}/f${n}`));
    try {
      await rmtree(top);
    } catch (error) {
      if (existsSync(top)) left++;
      else gone++;
      throw error;
    } finally {
      rmSync(top, { recursive: true, force: true });
    }
  });
  expect(points).toBeGreaterThan(15);
  expect([left > 10, gone]).toEqual([true, 0]);
});

test("a path that ends with a separator, or a dot, never leads through a link or to half a removal", async () => {
  const top = tree("inner/file");
  symlinkSync(top, `${top}.link`);
  await expect(rmtree(`${top}.link/`)).rejects.toMatchObject({ code: "ENOTDIR" });
  for (const end of [".", "..", "./", "inner/.."])
    await expect(rmtree(`${top}/${end}`)).rejects.toMatchObject({ code: "EINVAL" });
  expect(readdirSync(join(top, "inner"))).toEqual(["file"]);
  await rmtree(`${top}//`);
  expect(existsSync(top)).toBe(false);
});

test.skipIf(process.platform !== "linux")("removes trees deeper than paths are long", async () => {
  const top = tree("file");
  const name = "a name of some length ".repeat(10);
  const script = `mkdir -p '${name}' && cd -P '${name}' && `.repeat(60);
  execFileSync("sh", ["-c", `cd '${top}' && ${script} touch file`]);
  await rmtree(top);
  expect(existsSync(top)).toBe(false);
});

describe.skipIf(process.platform !== "linux")("somebody who changes the tree meanwhile", () => {
  const CALLS = ["lstat", "stat", "open", "readdir", "opendir", "unlink", "rmdir"] as const;

  /** Removes a tree, and does something just before one of the calls of the system; says whether there were so many. */
  async function removeWith(top: string, before: number, change: () => void): Promise<boolean> {
    let calls = 0;
    const real = Object.fromEntries(CALLS.map((name) => [name, fs[name]]));
    for (const name of CALLS) {
      const call = fs[name] as unknown as (...values: unknown[]) => void;
      const changed = (...values: unknown[]): void => {
        if (calls++ === before) change();
        call(...values);
      };
      fs[name] = changed as never;
    }
    syncBuiltinESMExports();
    try {
      await rmtree(top, { onError: () => {} }).catch(({ code }: FileError) => {
        if (!["ESTALE", "ENOTDIR", "ENOENT"].includes(code)) throw new Error(code);
      });
    } finally {
      Object.assign(fs, real);
      syncBuiltinESMExports();
    }
    return calls > before;
  }

  test.each([
    ["small", 3],
    ["large", 400],
  ])("cannot lead it out by a link in a folder's place: %s folders", async (_, count) => {
    for (let before = 0, goesOn = true; goesOn; before++) {
      const names = Array.from({ length: count }, (__, n) => `inner/f${n}`);
      const [top, outside] = [
        tree(...names, "inner/deep/f0"),
        tree("f0", "f1", "deep/f0", "deep/f1"),
      ];
      goesOn = await removeWith(top, before, () => {
        if (!existsSync(join(top, "inner"))) return;
        renameSync(join(top, "inner"), `${top}.away`);
        symlinkSync(outside, join(top, "inner"));
      });
      expect(readdirSync(outside).sort()).toEqual(["deep", "f0", "f1"]);
      expect(readdirSync(join(outside, "deep")).sort()).toEqual(["f0", "f1"]);
      for (const path of [top, outside, `${top}.away`])
        rmSync(path, { recursive: true, force: true });
      if (count > 10 && before === 14) break; // What follows is one file after the other.
    }
  });

  test("cannot lead it out by moving a folder away in which it is", async () => {
    for (let before = 0, goesOn = true; goesOn; before++) {
      const top = tree("inner/deep/f0", "inner/deep/f1", "inner/f0");
      const outside = tree("f0", "inner/f0");
      goesOn = await removeWith(top, before, () => {
        if (existsSync(join(top, "inner/deep")))
          renameSync(join(top, "inner/deep"), join(outside, "deep"));
      });
      expect(
        readdirSync(outside)
          .filter((name) => name !== "deep")
          .sort(),
      ).toEqual(["f0", "inner"]);
      expect(readdirSync(join(outside, "inner"))).toEqual(["f0"]);
      for (const path of [top, outside]) rmSync(path, { recursive: true, force: true });
    }
  });
});

test.skipIf(process.platform === "win32")(
  "goes on behind a folder that may be read only",
  async () => {
    const top = tree("closed/file", "open/file", "open/inner/file");
    chmodSync(join(top, "closed"), 0o555);
    for (const path of ["open", "open/inner", "."]) chmodSync(join(top, path), 0o777);
    chmodSync(join(top, "closed"), 0o444);
    chmodSync(dirname(top), 0o755);
    const program = `
    import { rmtree } from "ambit/files";
    if (process.getuid() === 0) process.setuid(65534); // Root may go everywhere.
    const codes = new Set();
    await rmtree(${JSON.stringify(top)}, { onError: ({ code }) => codes.add(code) });
    console.log([...codes].sort().join());
  `;
    const { out, err } = await runProgram(program);
    expect([out.includes("EACCES"), err]).toEqual([true, ""]);
    expect(readdirSync(top)).toEqual(["closed"]);
    chmodSync(join(top, "closed"), 0o755);
  },
);
