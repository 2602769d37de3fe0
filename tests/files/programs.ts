/**
 * Programs on files, to be run here and in CPython.
 */
import { writeFileSync, readFileSync } from "node:fs";
import { type BinaryFile, type BinaryMode, open, type TextFile, type TextMode } from "ambit/files";
import * as fc from "fast-check";

type Op = readonly [kind: string, argument: unknown];

export interface Program {
  /** In hexadecimal. */
  readonly content: string;
  readonly mode: TextMode | BinaryMode;
  readonly buffering: number;
  readonly ops: readonly Op[];
  readonly encoding: string;
  readonly errors: "strict" | "replace" | "ignore";
  readonly newline: "" | "\n" | "\r" | "\r\n" | null;
  /** Bytes that CPython decodes at once. */
  readonly chunk: number;
}

export interface Outcome {
  readonly results: readonly unknown[];
  readonly newlines: unknown;
  readonly content: string;
  /** CPython can't run it as it is meant. */
  readonly skipped?: boolean;
}

const ERRORS: Readonly<Record<string, string>> = {
  UnsupportedOperationError: "UnsupportedOperation",
  RangeError: "ValueError",
};

export async function runHere(program: Program, path: string): Promise<Outcome> {
  writeFileSync(path, Buffer.from(program.content, "hex"));
  const { mode, buffering, encoding, errors, newline } = program;
  const file = mode.includes("b")
    ? await open(path, mode as BinaryMode, { buffering })
    : await open(path, mode as TextMode, { buffering, encoding, errors, newline });
  const saved: number[] = [0];
  const results: unknown[] = [];
  for (const op of program.ops) {
    try {
      results.push(shown(await step(file, op, saved)));
    } catch (error) {
      const { name } = error as Error;
      results.push({ error: ERRORS[name] ?? name });
    }
  }
  const newlines = "newlines" in file ? file.newlines : null;
  await file.close();
  return { results, newlines, content: readFileSync(path, "hex") };
}

function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return value ?? null;
}

async function step(
  file: BinaryFile | TextFile,
  [kind, argument]: Op,
  saved: number[],
): Promise<unknown> {
  const number = argument as number;
  switch (kind) {
    case "read":
      return await file.read(number);
    case "readline":
      return await file.readline(number);
    case "readlines":
      return (await file.readlines(number)).map(shown);
    case "readinto": {
      const target = new Uint8Array(number);
      const count = await (file as BinaryFile).readinto(target);
      return [count, shown(target.subarray(0, count))];
    }
    case "peek":
      return (await (file as BinaryFile).peek()).subarray(0, 1);
    case "write":
      return "encoding" in file
        ? await file.write(argument as string)
        : await file.write(Buffer.from(argument as string, "hex"));
    case "tell":
      saved.push(await file.tell());
      return position(file, saved.at(-1) as number);
    case "back":
      return void (await file.seek(saved[number % saved.length] as number));
    case "seek":
      return position(file, await file.seek(...(argument as [number, 0 | 1 | 2])));
    case "truncate":
      return await file.truncate(argument === null ? undefined : number);
    default:
      return await file.flush();
  }
}

/** In text, what CPython gives may be more than a number of bytes. */
function position(file: BinaryFile | TextFile, value: number): number | null {
  return "encoding" in file ? null : value;
}

const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array).toString("hex"));

/** Bytes among which there are lines. */
const rows = fc
  .array(fc.constantFrom("a", "bc", "\n", "\r", "\r\n", "défg"), { maxLength: 30 })
  .map((parts) => Buffer.from(parts.join("")).toString("hex"));

/** For 0, CPython does not look whether the file can be read. */
const limit = fc.oneof(fc.constant(-1), fc.integer({ min: 1, max: 40 }));
const count = fc.integer({ min: -1, max: 40 });

function op(kind: string, argument: fc.Arbitrary<unknown>): fc.Arbitrary<Op> {
  return argument.map((value) => [kind, value] as const);
}

const buffering = fc.constantFrom(2, 3, 7, 16, 64, 8192, 65_536);

export const binaryPrograms: fc.Arbitrary<Program> = fc.record({
  content: fc.oneof(bytes, rows),
  mode: fc.constantFrom("rb", "wb", "ab", "rb+", "wb+", "ab+"),
  buffering,
  ops: fc.array(
    fc.oneof(
      op("read", count),
      op("readline", limit),
      op("readlines", count),
      op("readinto", fc.nat(30)),
      op("peek", fc.constant(null)),
      op("write", fc.oneof(bytes, rows)),
      op("tell", fc.constant(null)),
      op("back", fc.nat(5)),
      op("seek", fc.tuple(fc.integer({ min: -20, max: 70 }), fc.constantFrom(0, 1, 2))),
      op("truncate", fc.option(fc.nat(50))),
      op("flush", fc.constant(null)),
    ),
    { maxLength: 14 },
  ),
  encoding: fc.constant("utf-8"),
  errors: fc.constant("strict"),
  newline: fc.constant(null),
  chunk: fc.constant(8192),
});

const PARTS = ["a", "bc", "\n", "\r", "\r\n", "é", "ü", "x y"];
const WIDE = [...PARTS, "€", "日本", "😀"];

const narrow = fc.array(fc.constantFrom(...PARTS), { maxLength: 30 }).map((all) => all.join(""));
const wide = fc.array(fc.constantFrom(...WIDE), { maxLength: 30 }).map((all) => all.join(""));

/** What every text of the encoding can be written in, as Node calls it. */
const ENCODINGS = [
  { encoding: "utf-8", node: "utf8", text: wide },
  { encoding: "utf-16-le", node: "utf16le", text: wide },
  { encoding: "latin-1", node: "latin1", text: narrow },
] as const;

const newline = fc.constantFrom(null, "", "\n", "\r", "\r\n");

function textOps(text: fc.Arbitrary<string>): fc.Arbitrary<readonly Op[]> {
  return fc.array(
    fc.oneof(
      op("read", count),
      op("readline", limit),
      op("readlines", count),
      op("write", text),
      op("tell", fc.constant(null)),
      op("back", fc.nat(5)),
      op("seek", fc.constantFrom([0, 0], [0, 1], [0, 2], [1, 1], [-1, 2])),
      op("truncate", fc.constant(null)),
      op("flush", fc.constant(null)),
    ),
    { maxLength: 12 },
  );
}

/** Text that is in order, read and written in all ways. */
export const textPrograms: fc.Arbitrary<Program> = fc
  .constantFrom(...ENCODINGS)
  .chain(({ encoding, node, text }) =>
    fc.record({
      content: text.map((content) => Buffer.from(content, node).toString("hex")),
      mode: fc.constantFrom("r", "w", "a", "r+", "w+", "a+"),
      buffering,
      ops: textOps(text),
      encoding: fc.constant(encoding),
      errors: fc.constant("strict"),
      newline,
      chunk: fc.constantFrom(3, 5, 16, 8192),
    }),
  );

/** Any bytes, read as if they were text. */
export const brokenPrograms: fc.Arbitrary<Program> = fc.record({
  content: fc
    .array(fc.oneof(fc.constantFrom(...WIDE), fc.uint8Array({ maxLength: 3 })))
    .map((parts) =>
      Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array))).toString("hex"),
    ),
  mode: fc.constant("r"),
  buffering,
  ops: fc.array(fc.oneof(op("read", count), op("readline", count)), { maxLength: 8 }),
  encoding: fc.constantFrom("utf-8", "utf-16-le", "utf-16-be", "ascii", "utf-8-sig"),
  errors: fc.constantFrom("replace", "ignore"),
  newline,
  chunk: fc.constant(8192),
});

/** What is read to its end, in encodings that begin with a mark. */
export const markedPrograms: fc.Arbitrary<Program> = fc
  .constantFrom("utf-16", "utf-8-sig")
  .chain((encoding) =>
    fc.record({
      content: wide.map((text) =>
        Buffer.from(`\ufeff${text}`, encoding === "utf-16" ? "utf16le" : "utf8").toString("hex"),
      ),
      mode: fc.constantFrom("r", "w"),
      buffering,
      ops: textOps(wide),
      encoding: fc.constant(encoding),
      errors: fc.constant("strict"),
      newline,
      chunk: fc.constantFrom(5, 8192),
    }),
  );
