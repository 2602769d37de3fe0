/**
 * Lines in batches: how many come at once, and what happens between two batches. With real files.
 */
import { ClosedFileError, type LineFile, open, type TextFile } from "ambit/files";
import { expect, test } from "vitest";
import { filesWith, folders } from "./folder.ts";

const fileWith = filesWith(folders());

/** About half a megabyte. */
const LINES = Array.from(
  { length: 6000 },
  (_, index) => `line ${index} ${"x".repeat(index % 150)}\n`,
);
const BATCH = 32_768;

/** A file of text or of bytes. */
type Either = LineFile<string | Buffer> &
  Pick<TextFile, "seek"> & { read(count: number): Promise<string | Buffer> };

async function openEither(content: string, mode: "r" | "r+" | "rb" | "r+b"): Promise<Either> {
  // Which of the two it is makes no difference here.
  return await open(fileWith(content), mode as "r");
}

async function batchesOf<Line>(file: LineFile<Line>): Promise<Line[][]> {
  const batches: Line[][] = [];
  for await (const batch of file.batches()) batches.push(batch);
  return batches;
}

function sizeOf(batch: readonly { length: number }[]): number {
  return batch.reduce((size, { length }) => size + length, 0);
}

test.each(["r", "rb"] as const)(
  "are of about 32 KiB, however much was read ahead (%s)",
  async (mode) => {
    await using file = await openEither(LINES.join(""), mode);
    const batches = await batchesOf(file);
    expect(batches.flat().map(String)).toEqual(LINES);
    for (const batch of batches) expect(sizeOf(batch)).toBeLessThan(BATCH + 200);
    // Most are as large as that.
    expect(batches.length).toBeLessThan((1.5 * LINES.join("").length) / BATCH);
  },
);

test.each(["r", "rb"] as const)(
  "have lines that are longer than a batch, among short ones (%s)",
  async (mode) => {
    const lines = [BATCH - 1, BATCH, BATCH + 1, 3, 5 * BATCH, 1, 70_000, 20 * BATCH, 2, 40_000].map(
      (length, index) => `${String(index).repeat(length - 1)}\n`,
    );
    const content = `${lines.join("").repeat(3)}no end`;
    await using file = await openEither(content, mode);
    const batches = await batchesOf(file);
    expect(batches.flat().map(String)).toEqual([...lines, ...lines, ...lines, "no end"]);
  },
);

test("come up to the line that means nothing, and none twice after it", async () => {
  const content = Buffer.concat([
    Buffer.from(LINES.join("")),
    Buffer.from([0x61, 0xff, 0x0a]),
    Buffer.from("behind\n"),
  ]);
  await using file = await open(fileWith(content));
  const lines: string[] = [];
  const read = async (): Promise<void> => {
    for await (const batch of file.batches()) lines.push(...batch);
  };
  const position = LINES.join("").length + 1;
  await expect(read()).rejects.toMatchObject({ name: "UnicodeDecodeError", position });
  expect(lines).toEqual(LINES);
  await expect(read()).rejects.toMatchObject({ name: "UnicodeDecodeError", position });
  expect(lines).toEqual(LINES);
  await file.seek(position + 2);
  await read();
  expect(lines.slice(LINES.length)).toEqual(["behind\n"]);
});

test.each(["r+", "r+b"] as const)(
  "go on behind what was written between two of them (%s)",
  async (mode) => {
    await using file = await openEither(LINES.join(""), mode);
    const batches = file.batches();
    const first = ((await batches.next()).value ?? []).map(String);
    const hidden = LINES[first.length] as string;
    const written = `${"w".repeat(hidden.length - 1)}\n`;
    const words = mode === "r+" ? written : Buffer.from(written);
    await file.write(words);
    const rest: string[] = [];
    for await (const batch of batches) rest.push(...batch.map(String));
    expect([...first, hidden, ...rest]).toEqual(LINES);
    await file.seek(0);
    const all = await batchesOf(file);
    expect(all.flat().map(String)).toEqual([...first, written, ...rest]);
  },
);

test.each(["r", "rb"] as const)(
  "go on behind single lines, and these behind them (%s)",
  async (mode) => {
    await using file = await openEither(LINES.join(""), mode);
    const batches = file.batches();
    const got: (string | Buffer)[] = [];
    while (got.length < LINES.length) {
      got.push(await file.readline());
      got.push(...((await batches.next()).value ?? []));
      for await (const line of file) {
        got.push(line);
        break;
      }
    }
    expect(got.map(String).join("")).toBe(LINES.join(""));
  },
);

test.each(["r", "rb"] as const)(
  "wait for their turn while somebody else has the file (%s)",
  async (mode) => {
    await using file = await openEither(LINES.join(""), mode);
    const batches = file.batches();
    const first = (await batches.next()).value ?? [];
    const [behind, second] = await Promise.all([file.read(400_000), batches.next()]);
    const third = second.value ?? [];
    expect(third.length).toBeGreaterThan(0);
    const all = [...first, behind, ...third].map(String).join("");
    expect(all).toBe(LINES.join("").slice(0, all.length));
  },
);

test.each(["r", "rb"] as const)("are refused once the file was closed (%s)", async (mode) => {
  const file = await openEither(LINES.join(""), mode);
  const batches = file.batches();
  await file.readline();
  await file.close();
  await expect(batches.next()).rejects.toBeInstanceOf(ClosedFileError);
});
