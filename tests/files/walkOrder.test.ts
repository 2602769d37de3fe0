/**
 * The order of a walk, whatever order the system answers in: on folders whose answers the test lets go one by one.
 */
import { dirname, relative, sep } from "node:path";
import * as fc from "fast-check";
import { run } from "ambit";
import { walk, type WalkOptions } from "ambit/files";
import { describe, expect, test } from "vitest";
import { type FakeFolder, FakeFolders } from "./fakeFolders.ts";

const TOP = `${sep}fake folders`;

/** The paths in the order in which they are told. */
async function walked(
  folder: FakeFolder,
  options: WalkOptions,
  choose: (count: number) => number,
): Promise<{ paths: string[]; folders: FakeFolders }> {
  const folders = new FakeFolders(TOP, folder);
  const work = async (): Promise<string[]> => {
    const paths: string[] = [];
    for await (const { path } of walk(TOP, options)) paths.push(relative(TOP, path));
    return paths;
  };
  const paths = await folders.within(() => run(work), choose);
  return { paths, folders };
}

function allOf(folder: FakeFolder, above = ""): string[] {
  return Object.entries(folder).flatMap(([name, inner]) => {
    const path = above + name;
    return inner === null ? [path] : [path, ...allOf(inner, path + sep)];
  });
}

/** What is told before its folder, or bottom-up after it. */
function misplaced(paths: readonly string[], topDown: boolean): string[] {
  const places = new Map(paths.map((path, place) => [path, place]));
  return paths.filter((path, place) => {
    const above = places.get(dirname(path));
    return above !== undefined && above < place !== topDown;
  });
}

const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g");
const many: fc.Arbitrary<FakeFolder> = fc.constantFrom(260, 520).map((count) => {
  const inner = (n: number): FakeFolder | null => (n % 90 === 7 ? { inner: { file: null } } : null);
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}`, inner(n)]));
});
const { tree } = fc.letrec<{ tree: FakeFolder }>((tie) => ({
  tree: fc.dictionary(
    name,
    fc.oneof(
      { maxDepth: 4, depthSize: "medium" },
      { weight: 2, arbitrary: fc.constant(null) },
      { weight: 5, arbitrary: tie("tree") },
      { weight: 1, arbitrary: many },
    ),
    { maxKeys: 7 },
  ),
}));

describe("the order of a walk", () => {
  test("a folder comes before what is in it, though it is read later by the one who found it", async () => {
    // As Node 26 did it under load: the next folder of the first reading answers last of all.
    const folder = { a: { b: { c: { file: null } }, file: null }, d: {}, file: null };
    for (const last of [true, false]) {
      const { paths } = await walked(folder, {}, (count) => (last ? count - 1 : 0));
      expect([...paths].sort()).toEqual(allOf(folder).sort());
      expect(misplaced(paths, true)).toEqual([]);
    }
  });

  test.each([true, false])(
    "holds for any tree, limit and order of answers (topDown: %s)",
    (topDown) =>
      fc.assert(
        fc.asyncProperty(
          tree,
          fc.constantFrom(1, 2, 3, 8),
          fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })),
          async (folder, limit, choices) => {
            const choose = (count: number): number => Math.floor(choices.next().value * count);
            const { paths, folders } = await walked(folder, { topDown, limit }, choose);
            expect([...paths].sort()).toEqual(allOf(folder).sort());
            expect(misplaced(paths, topDown)).toEqual([]);
            expect(folders.open).toBe(0);
            expect(folders.mostOpen).toBeLessThanOrEqual(limit);
          },
        ),
        { numRuns: 100 },
      ),
  );
});
