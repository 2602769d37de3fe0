/**
 * What the compiler must know about downloads. Checked by tests/project/types.test.ts; never run.
 */
import {
  type DownloadErrorKind,
  downloadAll,
  type DownloadItem,
  downloadPath,
  type DownloadResult,
  type Downloads,
  type DownloadSnapshot,
} from "ambit/download";
import { expectTypeOf, test } from "vitest";

declare const result: DownloadResult;
declare function source(): AsyncIterable<DownloadItem>;

test("a list is any iterable of URLs and items, mixed", () => {
  expectTypeOf(downloadAll(["http://h/a"])).toEqualTypeOf<Downloads>();
  void downloadAll(new Set([new URL("http://h/a")]), { concurrency: 4 });
  void downloadAll(source());
  void downloadAll([
    "http://h/a",
    { url: "http://h/b", mirrors: ["http://i/b"], checksum: ["", ""] },
  ]);
  // @ts-expect-error: an item has a URL
  void downloadAll([{ output: "a" }]);
  // @ts-expect-error: a number is no item
  void downloadAll([1]);
});

test("options are checked", () => {
  const options = { retry: 3, journal: null, existing: "skip", limitRate: Infinity } as const;
  expectTypeOf(downloadAll([], options)).toEqualTypeOf<Downloads>();
  void downloadAll([], { retry: { attempts: 2, budget: 10 } });
  // @ts-expect-error: there is no such policy
  void downloadAll([], { existing: "rename" });
  // @ts-expect-error: there is no such option
  void downloadAll([], { parallel: 3 });
});

test("results come by iteration, and tell what became of each", () => {
  expectTypeOf<Downloads>().toExtend<AsyncIterable<DownloadResult> & AsyncDisposable>();
  expectTypeOf(result.outcome).toEqualTypeOf<"done" | "skipped" | "failed">();
  expectTypeOf(result.path).toEqualTypeOf<string | null>();
  expectTypeOf(result.sha256).toEqualTypeOf<string | undefined>();
  expectTypeOf(result.error?.kind).toEqualTypeOf<DownloadErrorKind | undefined>();
  // @ts-expect-error: a result is not changed
  result.bytes = 0;
});

test("progress and planned paths have their types", () => {
  expectTypeOf(downloadAll([]).progress.snapshot()).toEqualTypeOf<DownloadSnapshot>();
  expectTypeOf(downloadPath("http://h/a", 0)).toEqualTypeOf<string | null>();
});
