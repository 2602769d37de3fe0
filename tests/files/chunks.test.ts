/**
 * However the bytes of a file come, cut anywhere, its lines and its text are the same: those that a
 * simple decoder and a regular expression make of the whole. In memory.
 */
import type { TextFile } from "ambit/files";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Newline, Newlines } from "../../src/files/newlines.ts";
import { bytesOver, FakeRaw, type Portion, textOver } from "./fakeRaw.ts";

const ENDS: Readonly<Record<string, RegExp>> = {
  any: /[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g,
  "\n": /[^\n]*\n|[^\n]+$/g,
  "\r": /[^\r]*\r|[^\r]+$/g,
  "\r\n": /(?:[^\r]|\r(?!\n))*\r\n|(?:[^\r]|\r(?!\n))+$/g,
};

/** The lines of a text, by one regular expression. */
function linesIn(text: string, newline: Newline): string[] {
  const lines: string[] =
    text.match(ENDS[newline === null || newline === "" ? "any" : newline] as RegExp) ?? [];
  return newline === null ? lines.map((line) => line.replace(/(?:\r\n|\r)$/, "\n")) : lines;
}

const newlines = fc.constantFrom<Newline>(null, "", "\n", "\r", "\r\n");
const parts = fc.constantFrom(
  "a",
  "bcd",
  "ä",
  "€",
  "😀",
  "\ufeff",
  "\r",
  "\n",
  "\r\n",
  "\r\r",
  "long ".repeat(9),
);
const texts = fc.array(parts, { maxLength: 25 }).map((all) => all.join(""));
/** Bytes read ahead, and bytes that each call brings, from the first to the last and again. */
const cuts = fc.record({
  buffering: fc.integer({ min: 2, max: 40 }),
  portions: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 }),
});
type Cuts = typeof cuts extends fc.Arbitrary<infer C> ? C : never;

function portionOf({ portions }: Cuts): Portion {
  let call = 0;
  return () => portions[call++ % portions.length] as number;
}

/** All ways to get what is in a file, in pieces. */
const WAYS: Readonly<Record<string, (file: TextFile) => Promise<string[]>>> = {
  "for await": async (file) => {
    const lines: string[] = [];
    for await (const line of file) lines.push(line);
    return lines;
  },
  batches: async (file) => {
    const lines: string[] = [];
    for await (const batch of file.batches()) lines.push(...batch);
    return lines;
  },
  readline: (file) => file.readlines(),
};

/** Parts of lines, put together. */
async function byParts(file: TextFile, read: () => Promise<string>): Promise<string> {
  let text = "";
  for (let part = await read(); part !== ""; part = await read()) text += part;
  await file.close();
  return text;
}

test.each(["utf-8", "utf-8-sig", "utf-16-le", "utf-16"] as const)(
  "the lines of a text in %s are the same, however it is cut",
  async (encoding) => {
    const marked = encoding === "utf-8-sig" || encoding === "utf-16";
    const node = encoding.startsWith("utf-16") ? "utf16le" : "utf8";
    await fc.assert(
      fc.asyncProperty(texts, newlines, cuts, async (text, newline, cut) => {
        const content = Buffer.from((marked ? "\ufeff" : "") + text, node);
        const over = (): TextFile =>
          textOver(new FakeRaw(content, portionOf(cut)), "r", cut.buffering, {
            encoding,
            newlines: new Newlines(newline),
          });
        const lines = linesIn(text, newline);
        for (const [name, read] of Object.entries(WAYS)) {
          const file = over();
          expect(await read(file), name).toEqual(lines);
          await file.close();
        }
        const inParts = over();
        expect(await byParts(inParts, () => inParts.readline(3))).toBe(lines.join(""));
        const inPieces = over();
        expect(await byParts(inPieces, () => inPieces.read(4))).toBe(lines.join(""));
      }),
      { numRuns: 200 },
    );
  },
);

const BROKEN = [[0xff], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf0, 0x9f, 0x98], [0xc0, 0xaf]];
const brokenTexts = fc
  .array(fc.oneof(parts, fc.constantFrom(...BROKEN)), { maxLength: 20 })
  .map((all) => Buffer.concat(all.map((each) => Buffer.from(each as number[]))));

/** Bytes before the first that mean nothing; null when all mean something. */
function firstBroken(bytes: Buffer): number | null {
  for (let end = 1; end <= bytes.length; end++) {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
    } catch {
      // What is wrong may begin before the byte that shows it.
      let at = end - 1;
      while (!bytes.subarray(0, at).equals(Buffer.from(bytes.toString("utf8", 0, at)))) at--;
      return at;
    }
  }
  const whole = Buffer.from(bytes.toString());
  if (whole.equals(bytes)) return null;
  let at = bytes.length;
  while (!bytes.subarray(0, at).equals(Buffer.from(bytes.toString("utf8", 0, at)))) at--;
  return at;
}

test("bytes that mean nothing are replaced alike, however they are cut", async () => {
  await fc.assert(
    fc.asyncProperty(brokenTexts, newlines, cuts, async (content, newline, cut) => {
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(content);
      const lines = linesIn(text, newline);
      for (const read of Object.values(WAYS)) {
        const raw = new FakeRaw(content, portionOf(cut));
        const rules = { errors: "replace", newlines: new Newlines(newline) } as const;
        expect(await read(textOver(raw, "r", cut.buffering, rules))).toEqual(lines);
      }
    }),
    { numRuns: 300 },
  );
});

test("under strict, all lines before the one that means nothing are read, and the error tells where that is", async () => {
  await fc.assert(
    fc.asyncProperty(brokenTexts, cuts, async (content, cut) => {
      const at = firstBroken(content);
      const good = at === null ? content : content.subarray(0, at);
      const lines = linesIn(String(good), "\n");
      if (at !== null && lines.at(-1)?.endsWith("\n") === false) lines.pop();
      for (const way of ["for await", "batches"] as const) {
        const raw = new FakeRaw(content, portionOf(cut));
        const file = textOver(raw, "r", cut.buffering, { newlines: new Newlines("\n") });
        const got: string[] = [];
        const read = async (): Promise<void> => {
          if (way === "batches") for await (const batch of file.batches()) got.push(...batch);
          else for await (const line of file) got.push(line);
        };
        const error: unknown = await read().catch((caught: unknown) => caught);
        const { name = null, position = null } = (error ?? {}) as {
          name?: string;
          position?: number;
        };
        expect({ got, name, position }).toEqual({
          got: lines,
          name: at === null ? null : "UnicodeDecodeError",
          position: at,
        });
        // Nothing of the line was taken.
        expect(await file.tell()).toBe(Buffer.byteLength(lines.join("")));
      }
    }),
    { numRuns: 300 },
  );
});

test.each(["text", "bytes"] as const)(
  "a line that is too long is refused, is still there, and is gone on with in parts: %s",
  async (kind) => {
    const long = fc.array(fc.constantFrom("a", "bc", "\n", "\r\n", "12345678"), { maxLength: 25 });
    const limits = fc.integer({ min: 1, max: 12 });
    await fc.assert(
      fc.asyncProperty(long, limits, cuts, async (all, maxLineLength, cut) => {
        const content = all.join("");
        const raw = new FakeRaw(Buffer.from(content), portionOf(cut));
        const newlines = new Newlines("\n");
        const file =
          kind === "bytes"
            ? bytesOver(raw, "rb", cut.buffering, maxLineLength)
            : textOver(raw, "r", cut.buffering, { maxLineLength, newlines });
        let text = "";
        for (const line of linesIn(content, "\n")) {
          const length = line.endsWith("\n") ? line.length - 1 : line.length;
          // In text, a "\r" before the "\n" may belong to the end of the line.
          const least = kind === "text" && line.endsWith("\r\n") ? length - 1 : length;
          const read = await file.readline().catch((error: unknown) => error as Error);
          const refused = read instanceof Error;
          expect(refused ? length > maxLineLength : least <= maxLineLength).toBe(true);
          if (!refused) {
            text += String(read);
            continue;
          }
          expect(read.name).toBe("LimitOverrunError");
          for (let part = "?"; part !== "" && !part.endsWith("\n");) {
            part = String(await file.readline(maxLineLength));
            text += part;
          }
        }
        expect(String(await file.readline())).toBe("");
        expect(text).toBe(content);
        await file.close();
      }),
      { numRuns: 300 },
    );
  },
);
