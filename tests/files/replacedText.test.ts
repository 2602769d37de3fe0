/**
 * Malformed text that is replaced or left out: wherever one stops to read, the rest is what comes next. With real files.
 */
import * as fc from "fast-check";
import { open } from "ambit/files";
import { expect, test } from "vitest";
import { filesWith, folders } from "./folder.ts";

const fileWith = filesWith(folders());

const bytesOf = (hex: string): Buffer => Buffer.from(hex, "hex");

async function textOf(path: string, options: object): Promise<string> {
  await using file = await open(path, "r", options);
  return await file.read();
}

/** Reads so many characters, then lines. */
async function inTwoWays(path: string, options: object, count: number): Promise<string> {
  await using file = await open(path, "r", options);
  let text = await file.read(count);
  for await (const line of file) text += line;
  return text;
}

/** Reads so many characters, and the rest from where it is said to begin. */
async function byPosition(path: string, options: object, count: number): Promise<string> {
  let text: string;
  let position: number;
  {
    await using file = await open(path, "r", options);
    text = await file.read(count);
    position = await file.tell();
  }
  await using file = await open(path, "r", options);
  await file.seek(position);
  return text + (await file.read());
}

test.each([
  ["utf-8", "61 c2 00"],
  ["utf-8", "61 c2 c3a9 62"],
  ["utf-8", "e0a0 61 62"],
  ["utf-8", "f09f98 f09f9880 0a ff c2 ff 61"],
  ["utf-8", "e080 80 61 ed a080 62 0a 63"],
  ["utf-16-le", "3dd8 6100 6200"],
  ["utf-16-le", "3dd8 3dd8 00de 6100 00de"],
  ["utf-16-be", "d83d 0061 d83d de00 0a"],
])("nothing of %s is lost or read twice, wherever reading stops: %s", async (encoding, hex) => {
  const path = fileWith(bytesOf(hex.replaceAll(" ", "")));
  for (const errors of ["replace", "ignore"] as const) {
    const options = { encoding, errors };
    const whole = await textOf(path, options);
    for (let count = 0; count <= whole.length; count++) {
      expect(await inTwoWays(path, options, count)).toBe(whole);
      expect(await byPosition(path, options, count)).toBe(whole);
    }
  }
});

test("nor of any bytes", async () => {
  const parts = ["61", "0a", "c2", "c3a9", "e0a0", "f09f98", "f09f9880", "ff", "80", "eda080"];
  const anyBytes = fc.array(
    fc.oneof(fc.constantFrom(...parts.map(bytesOf)), fc.uint8Array({ maxLength: 2 })),
    { maxLength: 8 },
  );
  const property = fc.asyncProperty(
    anyBytes,
    fc.constantFrom("utf-8", "utf-16-le", "utf-16-be"),
    fc.constantFrom("replace", "ignore"),
    fc.nat(10),
    async (pieces, encoding, errors, count) => {
      const path = fileWith(Buffer.concat(pieces));
      const options = { encoding, errors };
      const whole = await textOf(path, options);
      expect(await inTwoWays(path, options, count)).toBe(whole);
      expect(await byPosition(path, options, count)).toBe(whole);
    },
  );
  await fc.assert(property, { numRuns: 300 });
});
